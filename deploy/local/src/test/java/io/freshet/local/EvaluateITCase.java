package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.cluster.EmbeddedKafka;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test of {@code freshet evaluate} on a file, by the snapshot of a job with named fields. */
class EvaluateITCase {
    @TempDir private Path directory;

    /** The file lacks a category, so its own proposal of the features would be another one. */
    @Test
    void file_isReadAsTheSnapshotSays() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
            Map<String, String> settings = JobOnKafka.settings(kafka, "evaluate-it", 3, "no,yes");
            settings.remove("num-features");
            settings.put("source.format", "json");
            settings.put("features", "x,city:categorical(Oslo|Rome)");
            settings.put("label", "answer");
            try (JobOnKafka job = JobOnKafka.start(settings)) {
                job.send(events(400));
                job.finish();
            }
            Path file = directory.resolve("test.csv");
            Files.writeString(
                    file,
                    """
                    answer,city,x
                    no,Oslo,0.4
                    no,Oslo,-1
                    no,Oslo,0.1
                    yes,Oslo,3
                    ,Oslo,1
                    maybe,Oslo,1
                    """);
            settings.keySet()
                    .removeIf(key -> !key.startsWith("kafka.") && !key.startsWith("topics."));

            CommandResult result =
                    CommandResult.of(
                            settings, "evaluate", "--file", file.toString(), "--label", "answer");

            assertThat(result.code()).as(result.err()).isZero();
            assertThat(result.lines())
                    .contains(
                            "  Accuracy of the network on the 4 examples: 75 %",
                            "  1 left out: the label is missing",
                            "  1 left out: the model has no class \"maybe\"",
                            "  no               3     0",
                            "  yes              1     0")
                    .allMatch(line -> line.length() <= 80);
        }
    }

    /** Whether the answer is yes depends on the city only. */
    private static List<byte[]> events(int count) {
        Random random = new Random(4);
        List<byte[]> events = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            boolean rome = random.nextBoolean();
            events.add(
                    String.format(
                                    Locale.ROOT,
                                    "{\"x\": %.3f, \"city\": \"%s\", \"answer\": \"%s\"}",
                                    random.nextGaussian(),
                                    rome ? "Rome" : "Oslo",
                                    rome ? "yes" : "no")
                            .getBytes(StandardCharsets.UTF_8));
        }
        return events;
    }
}
