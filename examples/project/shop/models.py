"""A small neural network in plain numpy, as a project of yours might hold one."""
import numpy as np


class Network:
    """Two hidden layers, trained with momentum: its pickle holds weights and optimizer state."""

    def __init__(self, inputs, hidden, outputs, seed=0):
        random = np.random.default_rng(seed)
        sizes = [inputs, hidden, hidden, outputs]
        self.weights = [
            random.normal(0, np.sqrt(2 / rows), (rows, columns)).astype(np.float32)
            for rows, columns in zip(sizes, sizes[1:])
        ]
        self.momentum = [np.zeros_like(layer) for layer in self.weights]

    def activations(self, images):
        layers = [images]
        for layer in self.weights[:-1]:
            layers.append(np.maximum(layers[-1] @ layer, 0))
        return layers + [layers[-1] @ self.weights[-1]]

    def predict(self, images):
        return self.activations(images)[-1].argmax(axis=1)

    def train_epoch(self, images, labels, rate=0.02, batch=32, seed=0):
        order = np.random.default_rng(seed).permutation(len(images))
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            self.step(images[chosen], labels[chosen], rate)

    def step(self, images, labels, rate):
        layers = self.activations(images)
        exponents = np.exp(layers[-1] - layers[-1].max(axis=1, keepdims=True))
        error = exponents / exponents.sum(axis=1, keepdims=True)
        error[np.arange(len(labels)), labels] -= 1
        error /= len(labels)
        for i in reversed(range(len(self.weights))):
            gradient = layers[i].T @ error
            error = (error @ self.weights[i].T) * (layers[i] > 0)
            self.momentum[i] = (0.9 * self.momentum[i] + gradient).astype(np.float32)
            self.weights[i] -= (rate * self.momentum[i]).astype(np.float32)
