package io.freshet.local;

import io.freshet.config.Key;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.SourceConfig;
import io.freshet.ingest.SourceFormat;
import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.TerminalText;
import io.freshet.local.cli.UserException;
import io.freshet.local.inspect.DataProfile;
import io.freshet.local.inspect.FieldChoice;
import io.freshet.local.inspect.HashedProposal;
import io.freshet.local.inspect.Proposal;
import io.freshet.local.inspect.ProposalText;
import io.freshet.local.inspect.TopicSample;
import io.freshet.local.inspect.Trial;
import io.freshet.local.stream.FileOptions;
import io.freshet.local.stream.FileStream;
import io.freshet.local.stream.LabelledStream;
import io.freshet.local.table.DataFile;
import io.freshet.local.watch.TerminalDisplay;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaConfig;
import io.freshet.registry.RegistryConfig;
import io.freshet.registry.SchemaRegistry;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Command {@code freshet inspect}: prints the settings of a job that fit the rows of a file or the
 * messages of a topic.
 */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        description = {
            "Reads a file, or the newest messages of a topic, and prints the settings of a job that"
                    + " fit: the format, the fields that are features with their kinds, the label"
                    + " and its classes, and what could not be used.",
            "The lines that it prints after the summary are a properties file for --config."
        })
final class InspectCommand implements Callable<Integer> {
    private static final Duration WAIT = Duration.ofSeconds(10);
    private static final String JSON = Key.kebab(SourceFormat.JSON);

    /** Keys of the format that are printed again, before the proposal. */
    private static final List<Key<?>> FORMAT_KEYS =
            List.of(
                    SourceConfig.FORMAT,
                    SourceConfig.AVRO_SCHEMAS,
                    SourceConfig.AVRO_ENCODING,
                    RegistryConfig.URLS,
                    RegistryConfig.USER,
                    RegistryConfig.PASSWORD);

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE",
            description =
                    "A file of examples, plain or gzipped (.gz); - reads the standard input."
                            + " Without it the topics of --set topics.labelled-events are read.")
    private @Nullable Path file;

    @Option(
            names = "--sample",
            paramLabel = "N",
            defaultValue = "10000",
            description =
                    "Number of the newest messages of the topic to read (default:"
                            + " ${DEFAULT-VALUE}).")
    private int sample = 10_000;

    @Mixin private FileOptions fileOptions = new FileOptions();
    @Mixin private FieldChoice fields = new FieldChoice();
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        if (sample < 1) {
            throw new UserException("--sample " + sample + ": must be at least 1");
        }
        Map<String, String> given = new HashMap<>(settingsOptions.read());
        PrintWriter out = spec.commandLine().getOut();
        Inspection found = file == null ? topic(given) : file(file, given);
        out.println(
                TerminalDisplay.format(
                        "%n  %s: %,d %s, %,d %s%n",
                        TerminalText.printable(found.name()),
                        found.profile().rows(),
                        found.profile().rows() == 1
                                ? found.noun().replaceAll("s$", "")
                                : found.noun(),
                        found.profile().fields().size(),
                        found.profile().fields().size() == 1 ? "field" : "fields"));
        ProposalText.lines(found.proposal(), found.assumptions(), found.deadLetters())
                .forEach(out::println);
        out.println();
        found.settings().forEach((key, value) -> out.println(property(key, value)));
        if (!given.containsKey(IngestConfig.ENCODING.name())) {
            HashedProposal.of(found.proposal(), found.profile())
                    .ifPresent(hashed -> print(hashed, out));
        }
        out.flush();
        return 0;
    }

    private static void print(HashedProposal hashed, PrintWriter out) {
        out.println();
        hashed.lines().forEach(out::println);
    }

    /**
     * Result of an inspection.
     *
     * @param noun word for the messages, in the plural
     */
    private record Inspection(
            String name,
            String noun,
            DataProfile profile,
            Proposal proposal,
            List<String> assumptions,
            List<String> deadLetters,
            Map<String, String> settings) {}

    private Inspection file(Path path, Map<String, String> given) {
        DataFile data = fileOptions.file(path);
        FileStream stream = FileStream.read(data, fields, given, 1, null);
        Map<String, String> settings = new LinkedHashMap<>(stream.settings());
        putGiven(settings, IngestConfig.KEYS, given);
        Trial trial = new Trial(ingest(settings, given), null);
        long row = 0;
        try (LabelledStream.Items<byte[]> messages = stream.messages()) {
            while (messages.hasNext()) {
                trial.add(FileStream.message(row++, messages.next()));
            }
        }
        return new Inspection(
                data.name(),
                "rows",
                stream.profile(),
                stream.proposal(),
                stream.assumptions(),
                trial.deadLetters(),
                settings);
    }

    private Inspection topic(Map<String, String> given) throws Exception {
        if (!given.containsKey(KafkaConfig.BOOTSTRAP_SERVERS.name())) {
            throw new UserException(
                    "what is to be read? Name a FILE, or set "
                            + KafkaConfig.BOOTSTRAP_SERVERS
                            + " and "
                            + KafkaConfig.LABELLED_EVENTS
                            + " with --set");
        }
        String format = given.computeIfAbsent(SourceConfig.FORMAT.name(), key -> JSON);
        if (format.equals(Key.kebab(SourceFormat.FRESHET))) {
            throw new UserException(
                    "source.format=freshet has no mapping: its events name their features and"
                            + " label themselves");
        }
        JobTopics topics = JobConfig.parseTopicsWithoutMapping(given);
        String name = "topic " + topics.kafka().labelled();
        TopicSample sample = TopicSample.read(topics, this.sample, WAIT);
        Proposal proposal;
        try {
            proposal = Proposal.of(sample.profile(), fields, false, given);
        } catch (UserException e) {
            throw new UserException(name + ": " + e.getMessage(), e);
        }
        Map<String, String> settings = new LinkedHashMap<>();
        putGiven(settings, FORMAT_KEYS, given);
        settings.put(KafkaConfig.LABELLED_EVENTS.name(), topics.kafka().labelled().toString());
        settings.putAll(proposal.settings());
        putGiven(settings, IngestConfig.KEYS, given);
        List<String> deadLetters;
        try (SchemaRegistry registry = topics.openRegistry()) {
            Trial trial = new Trial(ingest(settings, given), registry);
            sample.messages().forEach(trial::add);
            deadLetters = trial.deadLetters();
        }
        List<String> assumptions = new ArrayList<>(sample.notes());
        assumptions.addAll(proposal.assumptions());
        return new Inspection(
                name, "messages", sample.profile(), proposal, assumptions, deadLetters, settings);
    }

    private static void putGiven(
            Map<String, String> settings, List<Key<?>> keys, Map<String, String> given) {
        for (Key<?> key : keys) {
            String value = given.get(key.name());
            if (value != null) {
                settings.put(key.name(), value);
            }
        }
    }

    /** Returns the configuration of a job with the settings; what is given counts more. */
    private static IngestConfig ingest(Map<String, String> settings, Map<String, String> given) {
        Map<String, String> all = new HashMap<>(settings);
        all.putAll(given);
        all.putIfAbsent("kafka.bootstrap.servers", "localhost:1");
        return JobConfig.parse(all).ingest();
    }

    /** Returns a line of a properties file, with control characters as escapes. */
    private static String property(String key, String value) {
        StringBuilder line = new StringBuilder(key).append('=');
        value.chars()
                .forEach(
                        c -> {
                            if (c == '\\') {
                                line.append("\\\\");
                            } else if (Character.isISOControl(c)) {
                                line.append(String.format(Locale.ROOT, "\\u%04X", c));
                            } else {
                                line.append((char) c);
                            }
                        });
        return line.toString();
    }
}
