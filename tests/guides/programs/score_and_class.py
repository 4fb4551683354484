"""Lists of inputs, outputs, losses and metrics: from a picture and a few numbers, a score and a class."""

import keras
import numpy as np
from keras import layers

image_input = keras.Input(shape=(28, 28, 1), name="img_input")
numbers_input = keras.Input(shape=(10,), name="numbers_input")
x1 = layers.Conv2D(8, 3, activation="relu")(image_input)
x1 = layers.GlobalMaxPooling2D()(x1)
x2 = layers.Dense(8, activation="relu")(numbers_input)
x = layers.concatenate([x1, x2])
score_output = layers.Dense(1, name="score_output")(x)
class_output = layers.Dense(10, name="class_output", activation="softmax")(x)
model = keras.Model(inputs=[image_input, numbers_input], outputs=[score_output, class_output])
model.summary()

(x_train, y_train), _ = keras.datasets.fashion_mnist.load_data()
img_data = x_train[:1280, ..., None].astype("float32") / 255
numbers_data = np.random.random_sample(size=(1280, 10)).astype("float32")
score_targets = numbers_data.mean(axis=1, keepdims=True)
class_targets = keras.utils.to_categorical(y_train[:1280], 10)

model.compile(
    optimizer=keras.optimizers.RMSprop(5e-3),
    loss=[keras.losses.MeanSquaredError(), keras.losses.CategoricalCrossentropy()],
    metrics=[[keras.metrics.MeanAbsoluteError()], [keras.metrics.CategoricalAccuracy()]],
)
model.fit([img_data, numbers_data], [score_targets, class_targets], batch_size=32, epochs=1)

model.compile(
    optimizer=keras.optimizers.RMSprop(5e-3),
    loss={"score_output": keras.losses.MeanSquaredError(), "class_output": keras.losses.CategoricalCrossentropy()},
    metrics={
        "score_output": [keras.metrics.MeanAbsoluteError()],
        "class_output": [keras.metrics.CategoricalAccuracy()],
    },
    loss_weights={"score_output": 2.0, "class_output": 1.0},
)
model.fit(
    {"img_input": img_data, "numbers_input": numbers_data},
    {"score_output": score_targets, "class_output": class_targets},
    batch_size=32,
    epochs=1,
    validation_split=0.2,
)
model.evaluate([img_data, numbers_data], [score_targets, class_targets])
scores, classes = model.predict([img_data[:5], numbers_data[:5]])
print(scores.shape, classes.shape)
