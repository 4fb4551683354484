"""Tickets of a service desk: from a title and from tags, how urgent one is and who should see to it."""

import keras
import numpy as np
from keras import layers

num_tags = 12
num_words = 200
num_departments = 4

title_input = keras.Input(shape=(10,), name="title")
tags_input = keras.Input(shape=(num_tags,), name="tags")

title_features = layers.Embedding(num_words, 16)(title_input)
title_features = layers.Flatten()(title_features)
title_features = layers.Dense(32, activation="relu")(title_features)

x = layers.concatenate([title_features, tags_input])
priority_pred = layers.Dense(1, name="priority")(x)
department_pred = layers.Dense(num_departments, name="department")(x)

model = keras.Model(
    inputs=[title_input, tags_input],
    outputs={"priority": priority_pred, "department": department_pred},
)
model.summary()

title_data = np.random.randint(num_words, size=(1280, 10))
tags_data = np.random.randint(2, size=(1280, num_tags)).astype("float32")
priority_targets = (tags_data[:, :3].sum(axis=1, keepdims=True) > 1).astype("float32")
dept_targets = np.eye(num_departments)[np.random.randint(num_departments, size=1280)]

model.compile(
    optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
    loss={
        "priority": keras.losses.BinaryCrossentropy(from_logits=True),
        "department": keras.losses.CategoricalCrossentropy(from_logits=True),
    },
    loss_weights={"priority": 1.0, "department": 0.2},
)
model.fit(
    {"title": title_data, "tags": tags_data},
    {"priority": priority_targets, "department": dept_targets},
    epochs=2,
    batch_size=32,
)
predictions = model.predict({"title": title_data[:5], "tags": tags_data[:5]})
print({name: prediction.shape for name, prediction in predictions.items()})
