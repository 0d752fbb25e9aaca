package io.freshet.model;

import java.io.Serializable;

/**
 * Stochastic gradient descent with momentum, in PyTorch's form.
 *
 * <p>{@code v ← μ·v + g} and {@code θ ← θ − η·v}, for the parameters {@code θ}, the velocity {@code
 * v} and the gradient {@code g}, all (numFeatures + 1, numClasses); {@code η} is the learning rate
 * and {@code μ} the momentum. The velocity starts at zero.
 *
 * <p>Source: {@code torch.optim.SGD} (dampening 0, no Nesterov, no weight decay); Sutskever et al.,
 * <i>On the importance of initialization and momentum in deep learning</i> (2013), of which it
 * differs in that the rate multiplies the whole velocity.
 *
 * @param learningRate {@code η}: finite, greater than 0
 * @param momentum {@code μ}: at least 0, less than 1
 */
public record Sgd(double learningRate, double momentum) implements Serializable {
    public Sgd {
        if (!(learningRate > 0 && learningRate <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "learningRate must be finite and greater than 0, but is " + learningRate);
        }
        if (!(momentum >= 0 && momentum < 1)) {
            throw new IllegalArgumentException(
                    "momentum must be at least 0 and less than 1, but is " + momentum);
        }
    }
}
