"""Several models in one graph: an encoder, and the autoencoder that goes on from it."""

import keras
import numpy as np
from keras import layers

encoder_input = keras.Input(shape=(28, 28, 1), name="img")
x = layers.Conv2D(16, 3, activation="relu")(encoder_input)
x = layers.Conv2D(32, 3, activation="relu")(x)
x = layers.MaxPooling2D(3)(x)
x = layers.Conv2D(32, 3, activation="relu")(x)
x = layers.Conv2D(16, 3, activation="relu")(x)
encoder_output = layers.GlobalMaxPooling2D()(x)

encoder = keras.Model(encoder_input, encoder_output, name="encoder")
encoder.summary()

x = layers.Reshape((4, 4, 1))(encoder_output)
x = layers.Conv2DTranspose(16, 3, activation="relu")(x)
x = layers.Conv2DTranspose(32, 3, activation="relu")(x)
x = layers.UpSampling2D(3)(x)
x = layers.Conv2DTranspose(16, 3, activation="relu")(x)
decoder_output = layers.Conv2DTranspose(1, 3, activation="sigmoid")(x)

autoencoder = keras.Model(encoder_input, decoder_output, name="autoencoder")
autoencoder.summary()

(x_train, _), (x_test, _) = keras.datasets.fashion_mnist.load_data()
x_train = np.reshape(x_train.astype("float32") / 255.0, (len(x_train), 28, 28, 1))
x_test = np.reshape(x_test.astype("float32") / 255.0, (len(x_test), 28, 28, 1))

autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(
    x=x_train[:300],
    y=x_train[:300],
    epochs=1,
    batch_size=50,
    validation_data=(x_test[:50], x_test[:50]),
)
decoded = autoencoder.predict(x_test[:10])
encoded = encoder.predict(x_test[:10])
print("Codes", encoded.shape, "pictures", decoded.shape)
