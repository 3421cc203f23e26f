"""LeNet on MNIST: Sequential, add, compile, fit, evaluate, predict, confusion matrix."""

import numpy as np
from keras.datasets import mnist
from keras.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from keras.models import Sequential
from keras.utils import to_categorical

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train = x_train.reshape(-1, 28, 28, 1).astype("float32") / 255
x_test = x_test.reshape(-1, 28, 28, 1).astype("float32") / 255
t_train, t_test = to_categorical(y_train, 10), to_categorical(y_test, 10)

model = Sequential()
model.add(Input(shape=(28, 28, 1)))
model.add(Conv2D(filters=20, kernel_size=(5, 5), activation="relu"))
model.add(MaxPooling2D(pool_size=(2, 2), strides=(2, 2), padding="same"))
model.add(Conv2D(50, (5, 5), activation="relu", padding="same"))
model.add(MaxPooling2D(pool_size=(2, 2), strides=(2, 2), padding="same"))
model.add(Flatten())
model.add(Dense(500, activation="relu"))
model.add(Dense(10, activation="softmax"))
model.summary()
model.compile(loss="categorical_crossentropy", optimizer="RMSprop", metrics=["accuracy"])

history = model.fit(x_train, t_train, batch_size=32, epochs=2, verbose=2, validation_split=0.1)
loss, accuracy = model.evaluate(x_test, t_test, verbose=0)
print("Test loss:", loss)
print("Test accuracy:", accuracy)

predicted = np.argmax(model.predict(x_test), axis=1)
confusion = np.zeros((10, 10), dtype=int)
for truth, guess in zip(y_test, predicted, strict=True):
    confusion[truth, guess] += 1
print(confusion)
print("wrong:", int(np.sum(predicted != y_test)), "of", len(y_test))
