"""Weight regularisation: small weights generalise better, so large ones are made to cost something."""

import keras
from keras import layers, regularizers

(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x_train = x_train.reshape(-1, 784).astype("float32")[:2000] / 255
y_train = y_train[:2000]
x_test = x_test.reshape(-1, 784).astype("float32") / 255

model = keras.Sequential(
    [
        keras.Input(shape=(784,)),
        layers.Dense(64, kernel_regularizer=keras.regularizers.L2(1e-3), activation="relu"),
        layers.Dense(64, kernel_regularizer="l2", bias_regularizer=regularizers.L1(1e-4), activation="relu"),
        layers.Dense(
            10,
            activation="softmax",
            kernel_regularizer=regularizers.l1_l2(l1=1e-5, l2=1e-4),
            kernel_constraint=keras.constraints.MaxNorm(2.0),
        ),
    ]
)
model.summary()
print("Penalties:", len(model.losses))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=2, batch_size=64, validation_split=0.2)
model.evaluate(x_test, y_test)
model.save("decayed.keras")
again = keras.models.load_model("decayed.keras")
again.evaluate(x_test, y_test)
