"""Data that come batch by batch: from a PyDataset, from a generator."""

import keras
import numpy as np
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x_train = x_train.reshape(-1, 784).astype("float32") / 255
x_test = x_test.reshape(-1, 784).astype("float32") / 255
x_val, y_val = x_train[-500:], y_train[-500:]
x_train, y_train = x_train[:1500], y_train[:1500]


def get_compiled_model():
    inputs = keras.Input(shape=(784,), name="digits")
    x = layers.Dense(32, activation="relu", name="dense_1")(inputs)
    outputs = layers.Dense(10, activation="softmax", name="predictions")(x)
    model = keras.Model(inputs=inputs, outputs=outputs)
    model.compile(
        optimizer="rmsprop",
        loss="sparse_categorical_crossentropy",
        metrics=["sparse_categorical_accuracy"],
    )
    return model


class ExamplePyDataset(keras.utils.PyDataset):
    def __init__(self, x, y, batch_size, **kwargs):
        super().__init__(**kwargs)
        self.x = x
        self.y = y
        self.batch_size = batch_size

    def __len__(self):
        return int(np.ceil(len(self.x) / float(self.batch_size)))

    def __getitem__(self, idx):
        batch_x = self.x[idx * self.batch_size : (idx + 1) * self.batch_size]
        batch_y = self.y[idx * self.batch_size : (idx + 1) * self.batch_size]
        return batch_x, batch_y


train_py_dataset = ExamplePyDataset(x_train, y_train, batch_size=32)
val_py_dataset = ExamplePyDataset(x_val, y_val, batch_size=32)
model = get_compiled_model()
model.fit(train_py_dataset, validation_data=val_py_dataset, epochs=2)
model.evaluate(val_py_dataset)
model.predict(val_py_dataset)


def batches(x, y, batch_size):
    while True:
        for begin in range(0, len(x), batch_size):
            yield x[begin : begin + batch_size], y[begin : begin + batch_size]


model = get_compiled_model()
model.fit(
    batches(x_train, y_train, 50),
    steps_per_epoch=30,
    epochs=2,
    validation_data=(x_val, y_val),
)
model.evaluate(batches(x_test, y_test, 100), steps=10)

model = get_compiled_model()
model.fit(
    x_train,
    y_train,
    batch_size=50,
    epochs=4,
    validation_data=(x_val, y_val),
    validation_freq=2,
    callbacks=[keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1, min_delta=10.0)],
)
print("Learning rate at the end:", float(model.optimizer.learning_rate))
model.save_weights("trained.weights.h5")
again = get_compiled_model()
again.load_weights("trained.weights.h5")
again.evaluate(x_test, y_test)
