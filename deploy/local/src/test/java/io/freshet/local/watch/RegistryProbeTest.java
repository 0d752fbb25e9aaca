package io.freshet.local.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import io.freshet.registry.RegistryServer;
import io.freshet.registry.RegistryServer.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RegistryProbeTest {
    private static final Duration OFTEN = Duration.ofMillis(5);

    private RegistryServer registry;

    @BeforeEach
    void start() throws IOException {
        registry = RegistryServer.start();
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    private JobTopics topics(String... keysAndValues) {
        Map<String, String> settings = new HashMap<>();
        settings.put("kafka.bootstrap.servers", "b:1");
        settings.put("publish.format", "confluent-avro");
        settings.put("schema.registry.url", registry.url().toString());
        for (int i = 0; i < keysAndValues.length; i += 2) {
            settings.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return JobConfig.parseTopics(settings);
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    @Test
    void outage_lasts_untilTheRegistryAnswersAgain() {
        try (RegistryProbe probe = RegistryProbe.start(topics(), OFTEN).orElseThrow()) {
            await(() -> registry.requests().size() > 1);
            assertThat(probe.outageSeconds()).isZero();

            registry.answer(Integer.MAX_VALUE, new Answer(503, "", Map.of()));
            await(() -> probe.outageSeconds() > 0);
            double early = probe.outageSeconds();
            await(() -> probe.outageSeconds() > early);

            registry.answer(0, new Answer(503, "", Map.of()));
            await(() -> probe.outageSeconds() == 0);

            registry.requireLogin("freshet", "secret");
            await(() -> probe.outageSeconds() > 0);
        }
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("freshet-registry-probe");
    }

    @Test
    void nothingIsAsked_withoutARegistry_orALoginThatCanBeRead() {
        assertThat(
                        RegistryProbe.start(
                                JobConfig.parseTopics(Map.of("kafka.bootstrap.servers", "b:1"))))
                .isEmpty();
        assertThat(
                        RegistryProbe.start(
                                topics(
                                        "schema.registry.basic-auth.user",
                                        "freshet",
                                        "schema.registry.basic-auth.password",
                                        "${dir:/run:registry}")))
                .isEmpty();
        assertThat(registry.requests()).isEmpty();
    }
}
