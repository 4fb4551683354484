"""A stack of layers, in every way that one can be put together."""

import keras
import numpy as np
from keras import layers

model = keras.Sequential(
    [
        layers.Dense(2, activation="relu", name="layer1"),
        layers.Dense(3, activation="relu", name="layer2"),
        layers.Dense(4, name="layer3"),
    ]
)
y = model(np.ones((3, 3)))
print("Called on three samples, it returns", y.shape)

layer1, layer2, layer3 = model.layers
print("The same by hand:", np.allclose(layer3(layer2(layer1(np.ones((3, 3))))), y))

model = keras.Sequential(name="my_sequential")
model.add(layers.Dense(2, activation="relu"))
model.add(layers.Dense(3, activation="relu"))
model.add(layers.Dense(4))
model.pop()
print("Layers left:", len(model.layers))

# Grow a network of convolutions step by step, and look at the shapes in between.
model = keras.Sequential()
model.add(keras.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, 5, strides=2, activation="relu"))
model.add(layers.Conv2D(8, 3, activation="relu"))
model.summary()
model.add(layers.MaxPooling2D(2))
model.add(layers.Conv2D(16, 3, activation="relu", name="my_intermediate_layer"))
model.add(layers.GlobalMaxPooling2D())
model.add(layers.Dense(10))
model.summary()

(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x_train = np.expand_dims(x_train, -1).astype("float32") / 255
x_test = np.expand_dims(x_test, -1).astype("float32") / 255

# What each layer puts out, and what one of them does.
feature_extractor = keras.Model(
    inputs=model.inputs,
    outputs=[layer.output for layer in model.layers],
)
features = feature_extractor.predict(x_test[:5])
for feature in features:
    print(feature.shape)
one_layer = keras.Model(inputs=model.inputs, outputs=model.get_layer(name="my_intermediate_layer").output)
one_layer.predict(x_test[:5])

model.compile(
    optimizer="rmsprop",
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(x_train[:2000], y_train[:2000], batch_size=50, epochs=2)
model.evaluate(x_test, y_test)
