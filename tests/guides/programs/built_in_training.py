"""The built-in methods of training: validation, weights of classes and samples, callbacks, schedules."""

import os

import keras
import numpy as np
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x_train = x_train.reshape(-1, 784).astype("float32") / 255
x_test = x_test.reshape(-1, 784).astype("float32") / 255
y_train = y_train.astype("float32")
y_test = y_test.astype("float32")
x_val, y_val = x_train[-1000:], y_train[-1000:]
x_train, y_train = x_train[:2000], y_train[:2000]


def get_uncompiled_model():
    inputs = keras.Input(shape=(784,), name="digits")
    x = layers.Dense(64, activation="relu", name="dense_1")(inputs)
    x = layers.Dense(64, activation="relu", name="dense_2")(x)
    outputs = layers.Dense(10, activation="softmax", name="predictions")(x)
    return keras.Model(inputs=inputs, outputs=outputs)


def get_compiled_model():
    model = get_uncompiled_model()
    model.compile(
        optimizer="rmsprop",
        loss="sparse_categorical_crossentropy",
        metrics=["sparse_categorical_accuracy"],
    )
    return model


model = get_uncompiled_model()
model.compile(
    optimizer=keras.optimizers.RMSprop(),
    loss=keras.losses.SparseCategoricalCrossentropy(),
    metrics=[keras.metrics.SparseCategoricalAccuracy()],
)
history = model.fit(x_train, y_train, batch_size=64, epochs=2, validation_data=(x_val, y_val))
print(history.history)
results = model.evaluate(x_test, y_test, batch_size=128)
print("test loss, test acc:", results)
predictions = model.predict(x_test[:3])
print("predictions shape:", predictions.shape)

class_weight = {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0, 4: 1.0, 5: 2.0, 6: 1.0, 7: 1.0, 8: 1.0, 9: 1.0}
model = get_compiled_model()
model.fit(x_train, y_train, class_weight=class_weight, batch_size=64, epochs=1)

sample_weight = np.ones(shape=(len(y_train),))
sample_weight[y_train == 5] = 2.0
model = get_compiled_model()
model.fit(x_train, y_train, sample_weight=sample_weight, batch_size=64, epochs=1)

model = get_compiled_model()
callbacks = [
    keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=1e3, patience=2, verbose=1),
    keras.callbacks.ModelCheckpoint(
        filepath="mymodel_{epoch}.keras", save_best_only=True, monitor="val_loss", verbose=1
    ),
    keras.callbacks.CSVLogger("log.csv"),
]
history = model.fit(x_train, y_train, epochs=20, batch_size=64, callbacks=callbacks, validation_split=0.2)
print("Epochs until it stopped:", len(history.history["loss"]), sorted(os.listdir(".")))
assert "mymodel_1.keras" in os.listdir(".")

checkpoint_dir = "./ckpt"
os.makedirs(checkpoint_dir)


def make_or_restore_model():
    checkpoints = [os.path.join(checkpoint_dir, name) for name in os.listdir(checkpoint_dir)]
    if checkpoints:
        latest_checkpoint = max(checkpoints, key=os.path.getctime)
        print("Restoring from", latest_checkpoint)
        return keras.models.load_model(latest_checkpoint)
    print("Creating a new model")
    return get_compiled_model()


model = make_or_restore_model()
callbacks = [
    keras.callbacks.ModelCheckpoint(
        filepath=os.path.join(checkpoint_dir, "model-loss={loss:.2f}.keras"),
        save_freq=20,
    )
]
model.fit(x_train, y_train, batch_size=64, epochs=1, callbacks=callbacks)
model = make_or_restore_model()
model.fit(x_train, y_train, batch_size=64, epochs=1)

lr_schedule = keras.optimizers.schedules.ExponentialDecay(0.01, decay_steps=30, decay_rate=0.5, staircase=True)
model = get_uncompiled_model()
model.compile(optimizer=keras.optimizers.SGD(learning_rate=lr_schedule), loss="sparse_categorical_crossentropy")
model.fit(x_train, y_train, batch_size=64, epochs=2)
