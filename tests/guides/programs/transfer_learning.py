"""Transfer learning: a network learns five kinds of clothing, and a new task begins where it has got to."""

import keras
import numpy as np
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x_train = np.expand_dims(x_train, -1).astype("float32")
x_test = np.expand_dims(x_test, -1).astype("float32")

# A base model, trained on the first five classes.
base_model = keras.Sequential(
    [
        keras.Input(shape=(28, 28, 1)),
        layers.Conv2D(16, 3, strides=2, use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.Conv2D(32, 3, strides=2, use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
    ],
    name="base",
)
inputs = keras.Input(shape=(28, 28, 1))
x = layers.Rescaling(scale=1 / 127.5, offset=-1)(inputs)
x = base_model(x)
x = layers.GlobalAveragePooling2D()(x)
outputs = layers.Dense(5, activation="softmax")(x)
first_model = keras.Model(inputs, outputs)
first_model.compile(optimizer=keras.optimizers.SGD(0.02), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
early = y_train < 5
first_model.fit(x_train[early][:1280], y_train[early][:1280], batch_size=64, epochs=1)

# Freeze it, and put a new classifier on top: shoes or not?
base_model.trainable = False
inputs = keras.Input(shape=(28, 28, 1))
scale_layer = layers.Rescaling(scale=1 / 127.5, offset=-1)
x = scale_layer(inputs)
x = base_model(x, training=False)
x = layers.GlobalAveragePooling2D()(x)
outputs = layers.Dense(1)(x)
model = keras.Model(inputs, outputs)
model.summary(show_trainable=True)

late = y_train >= 5
x_new, y_new = x_train[late][:1280], np.isin(y_train[late][:1280], (5, 7, 9)).astype("float32")
late = y_test >= 5
x_check, y_check = x_test[late], np.isin(y_test[late], (5, 7, 9)).astype("float32")

model.compile(
    optimizer=keras.optimizers.Adam(1e-2),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy()],
)
print("Fitting the top layer of the model")
before = base_model.get_weights()
model.fit(x_new, y_new, batch_size=64, epochs=2, validation_data=(x_check, y_check))
for old, new in zip(before, base_model.get_weights()):
    np.testing.assert_array_equal(old, new)

# Thaw it, and train the whole with small steps; the batch statistics stay, since it was called with training=False.
base_model.trainable = True
model.summary(show_trainable=True)
model.compile(
    optimizer=keras.optimizers.Adam(1e-4),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy()],
)
print("Fitting the end-to-end model")
model.fit(x_new, y_new, batch_size=64, epochs=1, validation_data=(x_check, y_check))
model.evaluate(x_check, y_check)
