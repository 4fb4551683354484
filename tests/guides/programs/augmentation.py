"""Augmentation as layers at the beginning of the model: they change pictures in training, and let them pass after."""

import keras
import numpy as np
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x_train = np.expand_dims(x_train[:2000, ::2, ::2], -1)
x_test = np.expand_dims(x_test[:, ::2, ::2], -1)
y_train = y_train[:2000]

model = keras.Sequential(
    [
        keras.Input(shape=(14, 14, 1)),
        layers.RandomFlip("horizontal"),
        layers.RandomTranslation(0.1, 0.1),
        layers.Rescaling(1.0 / 255),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Dropout(0.2),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dense(10),
    ]
)
model.summary()
model.compile(
    optimizer="adam",
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(x_train, y_train, validation_data=(x_test[:200], y_test[:200]), epochs=3, batch_size=64)
model.evaluate(x_test, y_test)
