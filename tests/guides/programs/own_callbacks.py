"""Callbacks of one's own: they print, stop a training, and change the learning rate."""

import keras
import numpy as np

(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x_train = x_train.reshape(-1, 784).astype("float32")[:1000] / 255.0
x_test = x_test.reshape(-1, 784).astype("float32") / 255.0
y_train = y_train[:1000]


def get_model():
    model = keras.Sequential()
    model.add(keras.layers.Dense(1))
    model.compile(
        optimizer=keras.optimizers.RMSprop(learning_rate=0.01),
        loss="mean_squared_error",
        metrics=["mean_absolute_error"],
    )
    return model


calls = []


class CustomCallback(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        calls.append(("train begins", list(logs.keys())))

    def on_train_end(self, logs=None):
        calls.append(("train ends", list(logs.keys())))

    def on_epoch_begin(self, epoch, logs=None):
        calls.append((f"epoch {epoch} begins", list(logs.keys())))

    def on_epoch_end(self, epoch, logs=None):
        calls.append((f"epoch {epoch} ends", list(logs.keys())))

    def on_test_begin(self, logs=None):
        calls.append(("test begins", list(logs.keys())))

    def on_test_end(self, logs=None):
        calls.append(("test ends", list(logs.keys())))

    def on_predict_begin(self, logs=None):
        calls.append(("predict begins", list(logs.keys())))

    def on_predict_end(self, logs=None):
        calls.append(("predict ends", list(logs.keys())))

    def on_train_batch_begin(self, batch, logs=None):
        calls.append((f"train batch {batch} begins", list(logs.keys())))

    def on_train_batch_end(self, batch, logs=None):
        calls.append((f"train batch {batch} ends", list(logs.keys())))

    def on_test_batch_begin(self, batch, logs=None):
        calls.append((f"test batch {batch} begins", list(logs.keys())))

    def on_test_batch_end(self, batch, logs=None):
        calls.append((f"test batch {batch} ends", list(logs.keys())))

    def on_predict_batch_begin(self, batch, logs=None):
        calls.append((f"predict batch {batch} begins", list(logs.keys())))

    def on_predict_batch_end(self, batch, logs=None):
        calls.append((f"predict batch {batch} ends", list(logs.keys())))


model = get_model()
model.fit(
    x_train,
    y_train,
    batch_size=128,
    epochs=1,
    verbose=0,
    validation_split=0.5,
    callbacks=[CustomCallback()],
)
model.evaluate(x_test, y_test, batch_size=128, verbose=0, callbacks=[CustomCallback()])
model.predict(x_test, batch_size=128, callbacks=[CustomCallback()])


class EarlyStoppingAtMinLoss(keras.callbacks.Callback):
    """Stops when the loss no longer falls, and goes back to the best weights."""

    def __init__(self, patience=0):
        super().__init__()
        self.patience = patience
        self.best_weights = None

    def on_train_begin(self, logs=None):
        self.wait = 0
        self.stopped_epoch = 0
        self.best = np.inf

    def on_epoch_end(self, epoch, logs=None):
        current = logs.get("loss")
        if np.less(current, self.best):
            self.best = current
            self.wait = 0
            self.best_weights = self.model.get_weights()
        else:
            self.wait += 1
            if self.wait >= self.patience:
                self.stopped_epoch = epoch
                self.model.stop_training = True
                print("Restoring model weights from the end of the best epoch.")
                self.model.set_weights(self.best_weights)

    def on_train_end(self, logs=None):
        if self.stopped_epoch > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")


model = get_model()
model.fit(x_train, y_train, batch_size=64, epochs=4, verbose=0, callbacks=[EarlyStoppingAtMinLoss()])

LR_SCHEDULE = [(1, 0.005), (2, 0.001), (3, 0.0005)]


class CustomLearningRateScheduler(keras.callbacks.Callback):
    """Sets the learning rate at the beginning of each epoch."""

    def __init__(self, schedule):
        super().__init__()
        self.schedule = schedule

    def on_epoch_begin(self, epoch, logs=None):
        if not hasattr(self.model.optimizer, "learning_rate"):
            raise ValueError('Optimizer must have a "learning_rate" attribute.')
        lr = float(self.model.optimizer.learning_rate)
        self.model.optimizer.learning_rate = self.schedule(epoch, lr)


def lr_schedule(epoch, lr):
    for begin, rate in LR_SCHEDULE:
        if epoch == begin:
            return rate
    return lr


model = get_model()
model.fit(
    x_train,
    y_train,
    batch_size=64,
    epochs=4,
    verbose=0,
    callbacks=[CustomLearningRateScheduler(lr_schedule)],
)
print("At the end:", float(model.optimizer.learning_rate))

model = get_model()
model.fit(
    x_train,
    y_train,
    batch_size=64,
    epochs=2,
    verbose=0,
    callbacks=[
        keras.callbacks.LearningRateScheduler(lambda epoch, lr: lr * 0.5),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"])),
    ],
)
