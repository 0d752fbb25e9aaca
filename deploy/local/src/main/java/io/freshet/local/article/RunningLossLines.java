package io.freshet.local.article;

import io.freshet.local.watch.TerminalDisplay;
import io.freshet.schemas.MetricsEvent;
import java.util.List;

/**
 * Lines of the running loss in the form of PyTorch's tutorials: {@code [epoch, mini-batch] loss:
 * mean}. Mini-batches are counted from the start of the stream, over all epochs.
 *
 * @param imagesPerEpoch number of images in an epoch, with those that cannot be read
 * @param miniBatchSize number of images in a mini-batch
 */
public record RunningLossLines(long imagesPerEpoch, int miniBatchSize) {
    /** Returns the lines of the mini-batches that were completed since the previous record. */
    public List<String> of(MetricsEvent event) {
        return event.getRunningLosses().stream()
                .map(
                        running ->
                                TerminalDisplay.format(
                                        "[%d, %5d] loss: %.3f",
                                        epoch(running.getMiniBatches()),
                                        running.getMiniBatches(),
                                        running.getLoss()))
                .toList();
    }

    /** Returns the epoch of a mini-batch's last image, counted from 1. */
    private long epoch(long miniBatches) {
        return (miniBatches * miniBatchSize - 1) / imagesPerEpoch + 1;
    }
}
