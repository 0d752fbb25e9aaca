package io.freshet.local.stream;

import io.freshet.local.cli.UserException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which stream is fed, how much of it and how fast. */
public final class StreamOptions {
    @Option(
            names = "--csv",
            paramLabel = "FILE",
            description =
                    "A CSV file with a header, plain or .gz; every column but the label is a"
                            + " numeric feature. Without it a synthetic stream with drifts is fed.")
    private @Nullable Path csv;

    @Option(
            names = "--label",
            paramLabel = "COLUMN",
            description = "The column of the CSV file that is the label.")
    private @Nullable String label;

    @Option(
            names = "--events",
            paramLabel = "N",
            description =
                    "How many events to feed (default: all of the file, or 100,000 synthetic"
                            + " ones).")
    private @Nullable Long events;

    @Option(
            names = "--rate",
            paramLabel = "N|max",
            defaultValue = "10000",
            description = "Events per second, or max (default: ${DEFAULT-VALUE}).")
    private String rate = "10000";

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of the synthetic stream (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    /** The stream that is asked for. */
    public LabelledStream stream() {
        if (events != null && events < 1) {
            throw new UserException("--events " + events + ": must be at least 1");
        }
        if (csv == null) {
            if (label != null) {
                throw new UserException(
                        "--label names a column of a --csv file, and none is given");
            }
            return new SyntheticStream(
                    seed, events == null ? SyntheticStream.DEFAULT_SIZE : events);
        }
        if (label == null) {
            throw new UserException("--csv needs --label, the name of the label's column");
        }
        return new CsvStream(csv, label);
    }

    /** How many examples of the stream are fed. */
    public long limit(LabelledStream stream) {
        return events == null ? stream.size() : Math.min(events, stream.size());
    }

    /** Events per second. */
    public double eventsPerSecond() {
        if (rate.equals("max")) {
            return StreamSender.UNLIMITED;
        }
        try {
            double value = Double.parseDouble(rate);
            if (value > 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new UserException("--rate " + rate + ": must be a number above 0, or max", e);
        }
        throw new UserException("--rate " + rate + ": must be a number above 0, or max");
    }
}
