package io.freshet.local;

import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.cli.UserException;
import io.freshet.local.deadletters.DeadLetterFilter;
import io.freshet.local.deadletters.DeadLetterOptions;
import io.freshet.local.deadletters.DeadLetterReplay;
import io.freshet.local.watch.TerminalDisplay;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaFailure;
import io.freshet.pipeline.KafkaPreflight;
import io.freshet.publish.Topic;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.kafka.common.KafkaException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Command {@code freshet dead-letters replay}: sends messages to the input topic again. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        description = {
            "Sends the messages of dead letters, byte for byte, to the topic of labelled events"
                    + " again, each exactly once: those that have been replayed are left out, also"
                    + " after an interruption.",
            "A replayed message has the header " + DeadLetterReplay.REPLAY_OF + "."
        })
final class DeadLettersReplayCommand implements Callable<Integer> {
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();
    @Mixin private DeadLetterOptions deadLetterOptions = new DeadLetterOptions();

    @Parameters(
            paramLabel = "TOPIC/PARTITION/OFFSET",
            arity = "0..*",
            description = "Places of the messages to replay, as list prints them.")
    private List<String> places = List.of();

    @Option(names = "--all", description = "Replays all dead letters.")
    private boolean all;

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "Maximum number to replay, the oldest first.")
    private long limit = Long.MAX_VALUE;

    @Option(names = "--dry-run", description = "Counts only, and sends nothing.")
    private boolean dryRun;

    @Option(
            names = "--unproven",
            description =
                    "Also replays dead letters since whose publication records have been removed"
                            + " from the input topic, so that an earlier replay could not be seen.")
    private boolean unproven;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        DeadLetterFilter filter = deadLetterOptions.filter(places);
        if (filter.selectsAll() != all) {
            throw new UserException(
                    all
                            ? "--all and a selection exclude each other"
                            : "select dead letters by place, --reason, --model or --since, or"
                                    + " replay --all");
        }
        if (limit < 1) {
            throw new UserException("--limit " + limit + ": must be at least 1");
        }
        JobTopics topics = JobConfig.parseTopics(settingsOptions.read());
        KafkaPreflight.requireTopic(topics.kafka(), topics.publish().topic(Topic.DEAD_LETTERS));
        for (String input : topics.kafka().listedInput()) {
            KafkaPreflight.requireTopic(topics.kafka(), input);
        }
        try (ShutdownStack open = new ShutdownStack()) {
            DeadLetterReplay replay =
                    open.add(
                            dryRun
                                    ? DeadLetterReplay.dryRun(topics)
                                    : DeadLetterReplay.begin(topics));
            replay(replay, filter, topics);
        } catch (KafkaException e) {
            throw new UserException(KafkaFailure.reason(e, topics.kafka()), e);
        }
        return 0;
    }

    private void replay(DeadLetterReplay replay, DeadLetterFilter filter, JobTopics topics) {
        DeadLetterReplay.Plan plan = replay.plan(filter, unproven, limit);
        long number = plan.identities().size();
        print(
                "%s %s to %s",
                dryRun ? "would replay" : "replaying", counted(number), topics.kafka().input());
        if (plan.replayed() > 0) {
            print("left out: %s, replayed already", counted(plan.replayed()));
        }
        if (plan.unproven() > 0) {
            print(
                    "left out: %s since whose publication records have%n"
                            + "    been removed from the topic, so an earlier replay may not be"
                            + " visible (--unproven)",
                    counted(plan.unproven()));
        }
        if (plan.elsewhere() > 0) {
            print(
                    "left out: %s of other topics (topics.labelled-events)",
                    counted(plan.elsewhere()));
        }
        if (!dryRun && number > 0) {
            long sent =
                    replay.send(plan, filter, done -> print("replayed %,d of %,d", done, number));
            if (sent < number) {
                throw new UserException(
                        "only "
                                + sent
                                + " of "
                                + number
                                + " were replayed: the others have been removed from their topic");
            }
        }
    }

    private static String counted(long number) {
        return TerminalDisplay.format(
                "%,d %s", number, number == 1 ? "dead letter" : "dead letters");
    }

    private void print(String format, Object... values) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(TerminalDisplay.format(format, values));
        out.flush();
    }
}
