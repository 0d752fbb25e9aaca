package io.freshet.local.stream;

import io.freshet.local.cli.UserException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Command-line options for the stream that is sent, its length and its rate. */
public final class StreamOptions {
    @Option(
            names = "--csv",
            paramLabel = "FILE",
            description =
                    "A CSV file with a header, plain or gzipped (.gz); every column except the"
                        + " label is a numeric feature. Without it a synthetic stream with drifts"
                        + " is sent.")
    private @Nullable Path csv;

    @Option(names = "--label", paramLabel = "COLUMN", description = "Label column of the CSV file.")
    private @Nullable String label;

    @Option(
            names = "--events",
            paramLabel = "N",
            description =
                    "Number of events to send (default: the whole file, or 100,000 synthetic"
                            + " events).")
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

    /** Returns the stream that the options select. */
    public LabelledStream stream() {
        if (events != null && events < 1) {
            throw new UserException("--events " + events + ": must be at least 1");
        }
        if (csv == null) {
            if (label != null) {
                throw new UserException("--label needs --csv, the file with that column");
            }
            return new SyntheticStream(
                    seed, events == null ? SyntheticStream.DEFAULT_SIZE : events);
        }
        if (label == null) {
            throw new UserException("--csv needs --label, the name of the label column");
        }
        return new CsvStream(csv, label);
    }

    /** Returns the number of examples of the stream to send. */
    public long limit(LabelledStream stream) {
        return events == null ? stream.size() : Math.min(events, stream.size());
    }

    /** Returns the rate in events per second. */
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
