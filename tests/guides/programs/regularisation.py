"""The same classifier without and with what keeps it from learning its samples by heart: dropout, batch statistics."""

import keras
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x_train = x_train.reshape(-1, 784).astype("float32")[:2000] / 255
y_train = y_train[:2000]
x_test = x_test.reshape(-1, 784).astype("float32") / 255

baseline = keras.Sequential(
    [
        keras.Input(shape=(784,)),
        layers.Dense(64, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ],
    name="baseline",
)
with_dropout = keras.Sequential(
    [
        keras.Input(shape=(784,)),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(10, activation="softmax"),
    ],
    name="with_dropout",
)
with_batch_normalization = keras.Sequential(
    [
        keras.Input(shape=(784,)),
        layers.Dense(64, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Dense(64, use_bias=False),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.Dense(10, activation="softmax"),
    ],
    name="with_batch_normalization",
)

for model in (baseline, with_dropout, with_batch_normalization):
    model.summary()
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(k=3)],
    )
    history = model.fit(x_train, y_train, epochs=2, batch_size=64, validation_split=0.2, verbose=0)
    print(model.name, history.history["val_accuracy"])
    model.evaluate(x_test, y_test, verbose=0)
