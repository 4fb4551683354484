"""Layers that are used twice: one embedding for two texts, and the features of a trained network as a new model."""

import keras
import numpy as np
from keras import layers

shared_embedding = layers.Embedding(100, 16)
text_input_a = keras.Input(shape=(12,), dtype="int32")
text_input_b = keras.Input(shape=(12,), dtype="int32")
encoded_input_a = layers.Flatten()(shared_embedding(text_input_a))
encoded_input_b = layers.Flatten()(shared_embedding(text_input_b))
distance = layers.multiply(
    [layers.subtract([encoded_input_a, encoded_input_b]), layers.subtract([encoded_input_a, encoded_input_b])]
)
outputs = layers.Dense(1, activation="sigmoid")(distance)
model = keras.Model(inputs=[text_input_a, text_input_b], outputs=outputs)
model.summary()

a = np.random.randint(100, size=(640, 12))
b = np.where(np.random.random((640, 1)) < 0.5, a, np.random.randint(100, size=(640, 12)))
same = (a == b).all(axis=1).astype("float32")
model.compile(optimizer=keras.optimizers.SGD(1.0), loss="binary_crossentropy", metrics=["accuracy"])
model.fit([a, b], same, batch_size=32, epochs=8)
model.evaluate([a, b], same)

features_list = [layer.output for layer in model.layers[4:]]
feat_extraction_model = keras.Model(inputs=model.inputs, outputs=features_list)
extracted_features = feat_extraction_model.predict([a[:3], b[:3]])
print([f.shape for f in extracted_features])
