package io.freshet.local.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.schemas.LabelledEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageSenderITCase {
    private static final int IMAGES = 900;
    private static final int STOPPED_AT = 700;
    private static final String TOPIC = "images";

    @TempDir private static Path folder;
    private static EmbeddedKafka kafka;
    private static Map<String, String> client;
    private static Path network;

    @BeforeAll
    static void start() throws Exception {
        kafka = EmbeddedKafka.start();
        client = Map.of("bootstrap.servers", kafka.bootstrapServers());
        network = SmallNetwork.write(folder.resolve("n.onnx"), 8, 8);
        TestImages.writeBatches(folder, IMAGES, 10);
        try (Admin admin = Admin.create(Map.copyOf(client))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 2, (short) 1))).all().get();
        }
    }

    @AfterAll
    static void stop() throws IOException {
        kafka.close();
    }

    private static ImageStream stream() {
        List<Float> half = List.of(0.5f, 0.5f, 0.5f);
        return new ImageStream(
                "a-stream",
                CifarBatches.open(folder, ImagePart.TRAIN),
                Backbone.load(
                        network,
                        new Backbone.Options(new Normalisation(half, half), null, null, false)),
                new ImageStream.Options(1, 9L, 1L, ImageChange.NONE),
                (name, problem) -> {});
    }

    private static List<String> sentIds() throws IOException {
        List<String> ids = new ArrayList<>();
        try (TopicReader topic = new TopicReader(client, TOPIC)) {
            topic.readToEnd(
                    event -> {
                        try {
                            ByteBuffer value = ByteBuffer.wrap(event.value());
                            ids.add(LabelledEvent.fromByteBuffer(value).getId());
                        } catch (IOException e) {
                            throw new IllegalStateException(e);
                        }
                    });
        }
        return ids;
    }

    /** A run that is broken off is gone on with; in the end every image is there once. */
    @Test
    void send_afterAFailure_goesOnWhereTheLastTransactionEnded() throws Exception {
        try (ImageStream stream = stream();
                ImageSender sender = ImageSender.open(client, TOPIC, stream.name(), false)) {
            assertThat(sender.start()).isZero();
            assertThatThrownBy(
                            () ->
                                    sender.send(
                                            stream,
                                            (position, problem) -> {
                                                if (position == STOPPED_AT) {
                                                    throw new IllegalStateException("stopped");
                                                }
                                            }))
                    .hasMessage("stopped");
        }
        int committed = sentIds().size();
        assertThat(committed).isPositive().isLessThan(STOPPED_AT);

        try (ImageStream stream = stream();
                ImageSender sender = ImageSender.open(client, TOPIC, stream.name(), false)) {
            assertThat(sender.start()).isEqualTo(committed);
            sender.send(stream, (position, problem) -> assertThat(problem).isNull());
        }
        assertThat(sentIds())
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, IMAGES).mapToObj(i -> "data_batch_1.bin/" + i).toList());
        try (ImageSender done = ImageSender.open(client, TOPIC, "a-stream", false);
                ImageSender again = ImageSender.open(client, TOPIC, "a-stream", true);
                ImageSender other = ImageSender.open(client, TOPIC, "another", false)) {
            assertThat(done.start()).isEqualTo(IMAGES);
            assertThat(again.start()).isZero();
            assertThat(other.start()).isZero();
        }
    }
}
