package io.freshet.monitor;

/**
 * Mean loss of {@code metrics.running-loss-mini-batches} consecutive mini-batches, as the training
 * loop of PyTorch's tutorials prints it each time that so many are complete.
 *
 * @param miniBatches number of mini-batches since the model was created, up to the last one that
 *     the mean covers: a multiple of the number that it covers
 * @param loss mean of the losses that the training minimised on them, nats
 */
public record RunningLoss(long miniBatches, double loss) {}
