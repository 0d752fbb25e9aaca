package io.freshet.local;

import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.mapping.FeatureField;
import io.freshet.ingest.mapping.FieldMapping;
import io.freshet.ingest.mapping.FieldPath;
import io.freshet.ingest.mapping.FieldSource;
import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.TerminalText;
import io.freshet.local.cli.UserException;
import io.freshet.local.inspect.DataProfile;
import io.freshet.local.inspect.FieldChoice;
import io.freshet.local.inspect.HashedProposal;
import io.freshet.local.inspect.Proposal;
import io.freshet.local.inspect.ProposalText;
import io.freshet.local.inspect.TopicSample;
import io.freshet.local.stream.FileOptions;
import io.freshet.local.stream.FileStream;
import io.freshet.local.table.DataFile;
import io.freshet.local.watch.TerminalDisplay;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
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
        Map<String, String> given = settingsOptions.read();
        String ignored = given.get(IngestConfig.LABEL_IGNORE_INDEX.name());
        PrintWriter out = spec.commandLine().getOut();
        Map<String, String> settings = new LinkedHashMap<>();
        List<String> assumptions = new ArrayList<>();
        DataProfile profile;
        String name;
        boolean sparse = false;
        if (file == null) {
            JobTopics topics = JobConfig.parseTopics(given);
            name = "topic " + topics.kafka().input();
            TopicSample messages = TopicSample.read(topics.kafka(), sample);
            assumptions.addAll(messages.notes());
            profile = messages.profile();
            settings.put(KafkaConfig.LABELLED_EVENTS.name(), topics.kafka().input().toString());
        } else {
            DataFile data = fileOptions.file(file);
            name = data.name();
            assumptions.addAll(data.assumptions());
            profile = FileStream.profile(data);
            sparse = data.format().isSparse();
        }
        requireMappedFields(given, profile, name);
        Proposal proposal;
        try {
            proposal = Proposal.of(profile, fields, sparse, ignored);
        } catch (UserException e) {
            throw new UserException(name + ": " + e.getMessage(), e);
        }
        assumptions.addAll(proposal.assumptions());
        out.println(
                TerminalDisplay.format(
                        "%n  %s: %,d %s, %,d fields%n",
                        TerminalText.printable(name),
                        profile.rows(),
                        file == null ? "messages" : "rows",
                        profile.fields().size()));
        ProposalText.lines(proposal, assumptions).forEach(out::println);
        out.println();
        settings.putAll(proposal.settings());
        settings.forEach((key, value) -> out.println(property(key, value)));
        HashedProposal.of(proposal, profile).ifPresent(hashed -> print(hashed, out));
        out.flush();
        return 0;
    }

    private static void print(HashedProposal hashed, PrintWriter out) {
        out.println();
        hashed.lines().forEach(out::println);
    }

    /** Checks that the fields that are mapped by the settings given exist. */
    private static void requireMappedFields(
            Map<String, String> given, DataProfile profile, String name) {
        Map<String, String> mapped = new HashMap<>(given);
        mapped.keySet().retainAll(FieldMapping.KEYS.stream().map(key -> key.name()).toList());
        Settings settings = Settings.of(mapped, FieldMapping.KEYS, Set.of());
        List<FieldPath> paths = new ArrayList<>();
        for (FeatureField field : settings.get(FieldMapping.FEATURES).fields()) {
            paths.add(field.isList() ? field.path().element(field.from()) : field.path());
        }
        for (FieldSource source : FieldMapping.sources(settings).values()) {
            if (source.path() != null) {
                paths.add(source.path());
            }
        }
        settings.throwIfProblems();
        for (FieldPath path : paths) {
            if (profile.field(path) == null) {
                throw new UserException(name + " has no field " + path + ", which is mapped");
            }
        }
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
