package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.Snapshots;
import io.freshet.follow.FollowProblem;
import io.freshet.follow.SnapshotFollower;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.schemas.EventJson;
import io.freshet.schemas.ModelSnapshotEvent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Integration test of the follower of the topic of snapshots, with a real broker. */
class SnapshotFollowerITCase {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final float[] EXAMPLE = {1, -2, 0.5f};

    /** Compacts at once what is not in the newest segment. */
    private static final Map<String, String> EAGER =
            Map.of(
                    "segment.ms", "1",
                    "min.cleanable.dirty.ratio", "0.0001",
                    "delete.retention.ms", "0",
                    "min.compaction.lag.ms", "0");

    private static EmbeddedKafka kafka;
    private SnapshotTopic topic;

    @BeforeAll
    static void startBroker() throws Exception {
        kafka = EmbeddedKafka.start(Map.of("log.cleaner.backoff.ms", "100"));
    }

    @AfterAll
    static void stopBroker() throws Exception {
        kafka.close();
    }

    @BeforeEach
    void openTopic() {
        topic = new SnapshotTopic(kafka.bootstrapServers());
    }

    @AfterEach
    void deleteTopic() throws Exception {
        topic.close();
        topic.delete();
    }

    private static Snapshots snapshot(long version) {
        return new Snapshots(version, 3, 3, 3, "softmax", 2, true).version(version);
    }

    /** Three records each. */
    private static List<ModelSnapshotEvent> records(long version) {
        return new ArrayList<>(snapshot(version).records(10));
    }

    private static SnapshotFollower.Builder follower() {
        return SnapshotFollower.of(
                SnapshotTopic.NAME, Map.of("bootstrap.servers", kafka.bootstrapServers()));
    }

    private static long version(SnapshotFollower follower) {
        return follower.newest("m").map(newest -> newest.info().version()).orElse(-1L);
    }

    private static void awaitVersion(SnapshotFollower follower, long version) {
        JobOnKafka.await("version " + version, () -> version(follower) == version);
    }

    private static long count(SnapshotFollower follower, FollowProblem kind) {
        return follower.status().problems().get(kind);
    }

    @Test
    void newVersion_givesAnotherPrediction_withoutARestart() throws Exception {
        topic.create(3, Map.of());
        topic.send(records(1));
        List<Classifier> told = new CopyOnWriteArrayList<>();
        try (SnapshotFollower follower =
                follower().keptVersions(2).onNewVersion(told::add).start()) {
            assertThat(follower.awaitEnd(SOON)).isTrue();
            Classifier first = follower.newest("m").orElseThrow();
            for (long version = 2; version < 5; version++) {
                topic.send(records(version));
                awaitVersion(follower, version);
                Classifier newest = follower.newest("m").orElseThrow();
                assertThat(newest.classify(EXAMPLE).probabilities())
                        .isNotEqualTo(first.classify(EXAMPLE).probabilities());
            }
            JobOnKafka.await("all versions to be told", () -> told.size() == 4);
            assertThat(told)
                    .extracting(model -> model.info().version())
                    .containsExactly(1L, 2L, 3L, 4L);
            assertThat(follower.versions("m"))
                    .extracting(model -> model.info().version())
                    .containsExactly(4L, 3L);
            assertThat(follower.version("m", 3)).isPresent();
            assertThat(follower.version("m", 2)).isEmpty();
            assertThat(follower.modelIds()).containsExactly("m");
            assertThat(follower.newest("other")).isEmpty();
        }
    }

    @Test
    void restart_beginsWithTheNewestVersion() throws Exception {
        topic.create(1, Map.of());
        for (long version = 1; version < 30; version++) {
            topic.send(records(version));
        }
        try (SnapshotFollower follower = follower().start()) {
            assertThat(follower.awaitEnd(SOON)).isTrue();
            assertThat(version(follower)).isEqualTo(29);
            assertThat(follower.status().lag()).hasValue(0);
            assertThat(follower.status().failure()).isEmpty();
        }
    }

    @Test
    void everyFormat_isRead() throws Exception {
        topic.create(2, Map.of());
        try (SnapshotFollower follower = follower().start()) {
            topic.send(records(1));
            awaitVersion(follower, 1);
            topic.sendFramed(records(2));
            awaitVersion(follower, 2);
            for (ModelSnapshotEvent record : records(3)) {
                topic.send(SnapshotTopic.key(record), EventJson.encode(record));
            }
            awaitVersion(follower, 3);
            assertThat(follower.status().problems().values()).containsOnly(0L);
        }
    }

    /** While a topic is compacted, only some records of older versions are left. */
    @Test
    void topicThatIsBeingCompacted_hasTheNewestVersion() throws Exception {
        topic.create(2, EAGER);
        try (SnapshotFollower follower = follower().start()) {
            for (long version = 1; version < 300; version++) {
                topic.send(records(version));
                if (version % 50 == 0) {
                    try (SnapshotFollower late = follower().start()) {
                        assertThat(late.awaitEnd(SOON)).isTrue();
                        assertThat(version(late)).isEqualTo(version);
                        assertThat(late.status().problems().values()).containsOnly(0L);
                    }
                }
            }
            awaitVersion(follower, 299);
            JobOnKafka.await(
                    "the topic to be compacted",
                    () -> {
                        try (SnapshotFollower late = follower().start()) {
                            return late.awaitEnd(SOON)
                                    && version(late) == 299
                                    && late.status().records() < 200;
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                    });
            assertThat(follower.status().problems().values()).containsOnly(0L);
        }
    }

    @Test
    void missingRecord_leavesTheLastGoodVersion() throws Exception {
        topic.create(1, Map.of());
        topic.send(records(1));
        List<ModelSnapshotEvent> broken = records(2);
        broken.remove(1);
        topic.send(broken);
        try (SnapshotFollower follower = follower().start()) {
            JobOnKafka.await(
                    "the snapshot to be refused",
                    () -> count(follower, FollowProblem.INCOMPLETE_SNAPSHOT) == 1);
            assertThat(version(follower)).isEqualTo(1);
            assertThat(follower.problem("m").orElseThrow().message())
                    .isEqualTo("Version 2 of model \"m\" cannot be used: chunk 1 of 3 is missing.");
            topic.send(records(3));
            awaitVersion(follower, 3);
            assertThat(follower.problem("m")).isEmpty();
        }
    }

    @Test
    void wrongHash_leavesTheLastGoodVersion() throws Exception {
        topic.create(1, Map.of());
        topic.send(records(1));
        List<ModelSnapshotEvent> broken = records(2);
        broken.get(1).getParameters().set(0, 0.5f);
        topic.send(broken);
        try (SnapshotFollower follower = follower().start()) {
            assertThat(follower.awaitEnd(SOON)).isTrue();
            assertThat(version(follower)).isEqualTo(1);
            assertThat(count(follower, FollowProblem.INVALID_SNAPSHOT)).isEqualTo(1);
            assertThat(follower.problem("m").orElseThrow().message())
                    .contains("Version 2")
                    .contains("its content has the hash");
            topic.send(records(3));
            awaitVersion(follower, 3);
            assertThat(follower.problem("m")).isEmpty();
        }
    }

    @Test
    void unreadableRecords_areCounted_andTheModelStays() throws Exception {
        topic.create(1, Map.of());
        topic.send(records(1));
        topic.send("m/0", "hello".getBytes(StandardCharsets.UTF_8));
        topic.send("", new byte[0]);
        byte[] cut = SnapshotTopic.avro(records(2).get(0));
        topic.send("m/0", Arrays.copyOf(cut, cut.length - 3));
        try (SnapshotFollower follower = follower().start()) {
            assertThat(follower.awaitEnd(SOON)).isTrue();
            assertThat(version(follower)).isEqualTo(1);
            assertThat(count(follower, FollowProblem.UNREADABLE_RECORD)).isEqualTo(3);
            assertThat(follower.problem("m").orElseThrow().message())
                    .contains("The record at offset 5 of partition 0 is no snapshot");
        }
    }

    @Test
    void tombstone_removesTheModel() throws Exception {
        topic.create(1, Map.of());
        topic.send(records(1));
        try (SnapshotFollower follower = follower().start()) {
            awaitVersion(follower, 1);
            for (ModelSnapshotEvent record : records(1)) {
                topic.send(SnapshotTopic.key(record), null);
            }
            JobOnKafka.await("the model to be removed", () -> follower.modelIds().isEmpty());
            topic.send(records(1));
            awaitVersion(follower, 1);
        }
    }

    @Test
    void modelsBeyondTheLargestNumber_areCounted() throws Exception {
        topic.create(1, Map.of());
        for (int model = 0; model < 4; model++) {
            topic.send(snapshot(1).model("m" + model).records(1000));
        }
        try (SnapshotFollower follower = follower().maxModels(3).start()) {
            assertThat(follower.awaitEnd(SOON)).isTrue();
            assertThat(follower.modelIds()).containsExactlyInAnyOrder("m0", "m1", "m2");
            assertThat(count(follower, FollowProblem.TOO_MANY_MODELS)).isEqualTo(1);
        }
    }

    @Test
    void topicThatIsCreatedLater_andThenAnew_isFollowed() throws Exception {
        try (SnapshotFollower follower = follower().start()) {
            JobOnKafka.await(
                    "the missing topic to be named",
                    () -> follower.status().failure().equals("Topic models does not exist."));
            assertThat(follower.awaitEnd(Duration.ofMillis(10))).isFalse();
            topic.create(1, Map.of());
            for (long version = 1; version < 9; version++) {
                topic.send(records(version));
            }
            awaitVersion(follower, 8);
            topic.delete();
            topic.create(1, Map.of());
            topic.send(records(1));
            awaitVersion(follower, 1);
        }
    }

    @Test
    void followerOfAMissingTopic_canBeClosed() throws Exception {
        SnapshotFollower follower = follower().start();
        JobOnKafka.await(
                "the missing topic to be named", () -> !follower.status().failure().isEmpty());
        follower.close();
        assertThat(follower.awaitEnd(SOON)).isFalse();
        assertThat(follower.status().failure()).isEqualTo("Topic models does not exist.");
        topic.create(1, Map.of());
    }

    @Test
    void settingsThatCannotBeUsed_areRefusedAtTheStart() throws Exception {
        topic.create(1, Map.of());
        assertThatThrownBy(
                        () ->
                                SnapshotFollower.of(
                                                SnapshotTopic.NAME,
                                                Map.of("bootstrap.servers", "x"))
                                        .start())
                .isInstanceOf(KafkaException.class);
        assertThatThrownBy(() -> follower().keptVersions(0))
                .hasMessage("the number of versions must be at least 1, but is 0");
        assertThatThrownBy(() -> follower().maxModels(-1))
                .hasMessage("the number of models must be at least 1, but is -1");
    }

    @Test
    void brokerThatIsAway_leavesTheModels_andIsFollowedAgain(@TempDir Path directory)
            throws Exception {
        topic.create(1, Map.of());
        int[] ports = EmbeddedKafka.freePorts();
        String address = "localhost:" + ports[0];
        KafkaRaftServer broker = EmbeddedKafka.startServer(directory, ports, Map.of());
        try (SnapshotFollower follower =
                        SnapshotFollower.of(
                                        SnapshotTopic.NAME, Map.of("bootstrap.servers", address))
                                .start();
                SnapshotTopic other = new SnapshotTopic(address)) {
            other.create(1, Map.of()).send(records(1));
            awaitVersion(follower, 1);

            broker.shutdown();
            broker.awaitShutdown();
            JobOnKafka.await(
                    "the failure", () -> follower.status().failure().contains("cannot be read"));
            assertThat(version(follower)).isEqualTo(1);

            broker = EmbeddedKafka.startServer(directory, ports, Map.of());
            other.send(records(2));
            awaitVersion(follower, 2);
            JobOnKafka.await("the recovery", () -> follower.status().failure().isEmpty());
            assertThat(follower.status().records()).isEqualTo(6);
        } finally {
            broker.shutdown();
            broker.awaitShutdown();
        }
    }
}
