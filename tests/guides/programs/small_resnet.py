"""A small ResNet with batch normalisation, made by a function for each kind of block, with a learning-rate schedule."""

import keras
from keras import layers


def conv_block(x, filters, strides=1):
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.Activation("relu")(x)


def residual_block(x, filters, strides=1):
    shortcut = x
    x = conv_block(x, filters, strides)
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    if strides != 1 or shortcut.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, strides=strides, use_bias=False)(shortcut)
        shortcut = layers.BatchNormalization(momentum=0.9)(shortcut)
    x = layers.Add()([x, shortcut])
    return layers.Activation("relu")(x)


def make_model(input_shape, num_classes):
    inputs = keras.Input(shape=input_shape)
    x = layers.Rescaling(1.0 / 255)(inputs)
    x = conv_block(x, 8)
    x = residual_block(x, 8)
    x = residual_block(x, 16, strides=2)
    x = residual_block(x, 32, strides=2)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(num_classes, activation="softmax")(x)
    return keras.Model(inputs, outputs)


(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x_train, x_test = x_train[:, ::2, ::2, None], x_test[:, ::2, ::2, None]

model = make_model(input_shape=(14, 14, 1), num_classes=10)
model.summary()
lr_schedule = keras.optimizers.schedules.ExponentialDecay(1e-2, decay_steps=20, decay_rate=0.9, staircase=True)
model.compile(
    optimizer=keras.optimizers.SGD(learning_rate=lr_schedule, momentum=0.9),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.fit(x_train[:640], y_train[:640], batch_size=32, epochs=2, validation_data=(x_test[:200], y_test[:200]))
model.evaluate(x_test, y_test)
