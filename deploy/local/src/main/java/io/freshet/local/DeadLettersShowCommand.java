package io.freshet.local;

import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.UserException;
import io.freshet.local.deadletters.DeadLetterFilter;
import io.freshet.local.deadletters.DeadLetterJson;
import io.freshet.local.deadletters.DeadLetterText;
import io.freshet.local.deadletters.DeadLetterTopic;
import io.freshet.local.deadletters.MessagePlace;
import io.freshet.local.deadletters.StoredDeadLetter;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaPreflight;
import io.freshet.publish.Topic;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Command {@code freshet dead-letters show}: everything about one dead letter. */
@Command(
        name = "show",
        mixinStandardHelpOptions = true,
        description = "Shows a dead letter with the reason and the message.")
final class DeadLettersShowCommand implements Callable<Integer> {
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Parameters(
            paramLabel = "TOPIC/PARTITION/OFFSET",
            description = "Place of the message, as list prints it.")
    private String place = "";

    @Option(
            names = "--json",
            description = "Prints a JSON object, with headers, key and value in Base64.")
    private boolean json;

    @Option(names = "--whole", description = "Prints all bytes of a long message.")
    private boolean whole;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        MessagePlace wanted = MessagePlace.parse(place);
        JobTopics topics = JobConfig.parseTopics(settingsOptions.read());
        String deadLetters = topics.publish().topic(Topic.DEAD_LETTERS);
        KafkaPreflight.requireTopic(topics.kafka(), deadLetters);
        List<StoredDeadLetter> found = new ArrayList<>();
        new DeadLetterTopic(topics)
                .read(
                        new DeadLetterFilter(
                                Set.of(wanted), Set.of(), Set.of(), OptionalLong.empty()),
                        found::add);
        if (found.isEmpty()) {
            throw new UserException(
                    "topic " + deadLetters + " has no dead letter of message " + wanted);
        }
        PrintWriter out = spec.commandLine().getOut();
        for (StoredDeadLetter letter : found) {
            if (json) {
                out.println(DeadLetterJson.write(letter, true));
            } else {
                DeadLetterText.printLong(out, letter, whole);
            }
        }
        out.flush();
        return 0;
    }
}
