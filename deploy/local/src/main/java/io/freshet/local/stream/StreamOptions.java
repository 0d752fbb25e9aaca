package io.freshet.local.stream;

import io.freshet.local.cli.UserException;
import io.freshet.local.inspect.FieldChoice;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Command-line options for the stream that is sent, its length and its rate. */
public final class StreamOptions {
    @Option(
            names = {"--file", "--csv"},
            paramLabel = "FILE",
            description =
                    "A file of examples, plain or gzipped (.gz): CSV, JSON lines, ARFF, libsvm or"
                            + " Vowpal Wabbit's text; - reads the standard input. Without it a"
                            + " synthetic stream with drifts is sent.")
    private @Nullable Path file;

    @Mixin private FileOptions fileOptions = new FileOptions();
    @Mixin private FieldChoice fields = new FieldChoice();

    @Option(
            names = "--shuffle",
            paramLabel = "SEED",
            description = "Sends the rows of the file in an order that is drawn with this seed.")
    private @Nullable Long shuffle;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            defaultValue = "1",
            description = "Number of times that the file is sent (default: ${DEFAULT-VALUE}).")
    private int epochs = 1;

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

    /**
     * Returns the stream that the options select.
     *
     * @param given settings of the job that were given
     */
    public LabelledStream stream(Map<String, String> given) {
        if (events != null && events < 1) {
            throw new UserException("--events " + events + ": must be at least 1");
        }
        if (epochs < 1) {
            throw new UserException("--epochs " + epochs + ": must be at least 1");
        }
        if (file == null) {
            if (fields.isGiven() || shuffle != null || epochs > 1) {
                throw new UserException(
                        "--label and other options of a file need --file, the file");
            }
            return new SyntheticStream(
                    seed, events == null ? SyntheticStream.DEFAULT_SIZE : events);
        }
        return FileStream.read(fileOptions.file(file), fields, given, epochs, shuffle);
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
