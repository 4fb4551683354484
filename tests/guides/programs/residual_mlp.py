"""A deep regression with shortcuts, written with the plus sign."""

import numpy as np
from keras import Model, layers, losses, metrics, optimizers

inputs = layers.Input((100,))
x = layers.Dense(64, activation="relu")(inputs)
residual = x

x = layers.Dense(64, activation="relu")(x)
x = layers.Dense(64, activation="relu")(x)
x += residual

x = layers.Dense(64, activation="relu")(x)
residual = x
x = layers.Dense(64, activation="relu")(x)
x = layers.Dense(64, activation="relu")(x)
x += residual
outputs = layers.Dense(16)(x)

model = Model(inputs, outputs)
model.summary()

x = np.random.random((2000, 100))
y = np.roll(x[:, :16], 1, axis=1)

model.compile(
    optimizer=optimizers.Adam(learning_rate=0.001),
    loss=losses.MeanSquaredError(),
    metrics=[
        metrics.CategoricalAccuracy(name="acc"),
        metrics.MeanSquaredError(name="mse"),
    ],
)
history = model.fit(x, y, batch_size=32, epochs=2, validation_split=0.2)
print(history.history)
scores = model.evaluate(x, y, return_dict=True)
print(scores)
pred = model.predict(x)
print(f"Inferred output shape {pred.shape}")
