package io.freshet.local;

import io.freshet.config.Key;
import io.freshet.local.audit.AuditJson;
import io.freshet.local.audit.AuditReport;
import io.freshet.local.audit.AuditRequest;
import io.freshet.local.audit.AuditText;
import io.freshet.local.audit.JobAudit;
import io.freshet.local.cli.Failures;
import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.UserException;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaConfig;
import io.freshet.pipeline.KafkaFailure;
import io.freshet.pipeline.KafkaPreflight;
import io.freshet.publish.Topic;
import io.freshet.score.ScoreConfig;
import io.freshet.score.UnknownModel;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command {@code freshet audit}: proof of a job's counts and digests by a separate reader. */
@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        description = {
            "Proves from the topics that a job has lost no event and counted none twice, or says"
                    + " at which offsets it has.",
            "Each event of topics.feature-events must have one prediction or dead letter; of a job"
                    + " that only predicts (job.kind=score) nothing else is proven.",
            "Reads the committed records of the input and of all results, whether the job runs or"
                    + " not, and writes nothing.",
            "The exit code is 0 if everything is proven, 1 if something is wrong, 2 if the topics"
                    + " could not be audited, and 3 if nothing is wrong but a part cannot be"
                    + " proven."
        })
final class AuditCommand implements Callable<Integer> {
    private static final String UNALIGNED = "flink.execution.checkpointing.unaligned.enabled";

    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Option(
            names = "--until",
            paramLabel = "SNAPSHOT",
            description =
                    "Proves only which events are in a snapshot: a model version, or the first"
                            + " digits of a content hash.")
    private @Nullable String until;

    @Option(
            names = "--model",
            paramLabel = "ID",
            description = "With --until: the model of the snapshot.")
    private @Nullable String model;

    @Option(
            names = "--job",
            paramLabel = "NAME",
            description = "Name of the job, if several jobs write to the topics.")
    private @Nullable String job;

    @Option(
            names = "--epoch",
            paramLabel = "N",
            description = "Epoch of the job (default: the newest).")
    private @Nullable Long epoch;

    @Option(
            names = "--wait",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description =
                    "Maximum time to wait for results that are not committed yet; longer than a"
                            + " checkpoint (default: ${DEFAULT-VALUE}).")
    private int waitSeconds = 30;

    @Option(names = "--json", description = "Prints one JSON object.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        if (model != null && until == null) {
            throw new UserException("--model needs --until");
        }
        if (waitSeconds < 0) {
            throw new UserException("--wait " + waitSeconds + ": must be at least 0");
        }
        Map<String, String> settings = settingsOptions.read();
        JobTopics topics = JobConfig.parseTopics(settings);
        KafkaPreflight.requireTopic(topics.kafka(), topics.publish().topic(Topic.METRICS));
        AuditReport report = audit(topics, request(settings, topics));
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(AuditJson.of(report));
            out.flush();
        } else {
            AuditText.print(out, report);
        }
        return report.verdict().exitCode();
    }

    private AuditRequest request(Map<String, String> settings, JobTopics topics) {
        String name = job == null ? settings.get(JobConfig.JOB_NAME.toString()) : job;
        return new AuditRequest(
                name,
                epoch,
                until,
                model,
                Duration.ofSeconds(waitSeconds),
                topics.kafka().start() == KafkaConfig.Start.LATEST,
                Boolean.parseBoolean(settings.get(UNALIGNED)),
                mayWait(settings));
    }

    private static boolean mayWait(Map<String, String> settings) {
        Key<UnknownModel> key = ScoreConfig.UNKNOWN_MODEL;
        String text = settings.get(key.name());
        try {
            return text == null || key.parse(text.strip()) == UnknownModel.WAIT;
        } catch (IllegalArgumentException e) {
            throw new UserException(key + " = " + text + ": must be " + e.getMessage(), e);
        }
    }

    /** Audits; whatever prevents that is an error of the user's or of Kafka's, not a mismatch. */
    private static AuditReport audit(JobTopics topics, AuditRequest request) {
        try {
            return JobAudit.run(topics, request);
        } catch (KafkaException e) {
            throw new UserException(KafkaFailure.reason(e, topics.kafka()), e);
        } catch (UncheckedIOException | IllegalStateException e) {
            throw new UserException(Failures.reason(e), e);
        }
    }
}
