"""An ensemble: the mean of three models of one kind, as one model."""

import keras
import numpy as np
from keras import layers


def get_model():
    inputs = keras.Input(shape=(128,))
    outputs = layers.Dense(1)(inputs)
    return keras.Model(inputs, outputs)


model1 = get_model()
model2 = get_model()
model3 = get_model()

inputs = keras.Input(shape=(128,))
y1 = model1(inputs)
y2 = model2(inputs)
y3 = model3(inputs)
outputs = layers.average([y1, y2, y3])
ensemble_model = keras.Model(inputs=inputs, outputs=outputs)
ensemble_model.summary()

x = np.random.random((640, 128))
y = x[:, :5].sum(axis=1, keepdims=True)
ensemble_model.compile(optimizer="adam", loss="mse")
ensemble_model.fit(x, y, epochs=2)
together = ensemble_model.predict(x[:8])
apart = [model.predict(x[:8]) for model in (model1, model2, model3)]
assert np.allclose(together, np.mean(apart, axis=0), atol=1e-5)
