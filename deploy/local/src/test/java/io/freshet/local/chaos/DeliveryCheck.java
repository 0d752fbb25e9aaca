package io.freshet.local.chaos;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.EventSum;
import io.freshet.local.audit.PositionHash;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.chaos.EventLoad.Fate;
import io.freshet.local.chaos.EventLoad.Place;
import io.freshet.local.chaos.EventLoad.Sent;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.PredictionEvent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.header.Header;

/**
 * Comparison of the messages that were sent with those that came out, by their numbers and from
 * what was sent alone: every message is in the input once and where it was acknowledged, every
 * message that cannot be used has one dead letter, every one without a label one prediction, and
 * each model was trained on exactly its labelled events, by the digest of their places.
 */
final class DeliveryCheck {
    private static final EventReader<PredictionEvent> PREDICTIONS =
            EventReader.of(PredictionEvent.class);
    private static final int MAX_LISTED = 20;

    private final List<Sent> sent;
    private final Map<Long, Place> acknowledged;
    private final Map<Place, Long> numbers = new HashMap<>();
    private final int[] inputs;
    private final int[] predictions;
    private final int[] deadLetters;
    private final List<String> problems = new ArrayList<>();
    private int numProblems;

    private DeliveryCheck(List<Sent> sent, Map<Long, Place> acknowledged) {
        this.sent = sent;
        this.acknowledged = acknowledged;
        inputs = new int[sent.size()];
        predictions = new int[sent.size()];
        deadLetters = new int[sent.size()];
    }

    /**
     * Compares.
     *
     * @param stated events trained on according to the newest metrics, by model
     * @return number of messages
     * @throws ChaosViolation listing what is missing or there more than once
     */
    static int run(
            JobConfig config,
            List<Sent> sent,
            Map<Long, Place> acknowledged,
            Map<String, EventSum> stated) {
        DeliveryCheck check = new DeliveryCheck(sent, acknowledged);
        check.read(config);
        check.compare(config.kafka().labelledEvents(), stated);
        if (check.numProblems > 0) {
            throw new ChaosViolation(
                    "set equality: "
                            + check.numProblems
                            + " problems:\n"
                            + String.join("\n", check.problems));
        }
        return sent.size();
    }

    private void read(JobConfig config) {
        Map<String, String> client = config.kafka().client();
        try (TopicReader reader = new TopicReader(client, config.kafka().labelledEvents())) {
            reader.readToEnd(
                    record -> {
                        Header header = record.headers().lastHeader(EventLoad.NUMBER);
                        long number = ByteBuffer.wrap(header.value()).getLong();
                        numbers.put(new Place(record.partition(), record.offset()), number);
                        inputs[Math.toIntExact(number)]++;
                    });
        }
        try (TopicReader reader =
                new TopicReader(client, config.publish().topic(Topic.PREDICTIONS))) {
            reader.readToEnd(
                    record -> {
                        PredictionEvent event = AuditReader.read(PREDICTIONS, record);
                        Place place =
                                new Place(
                                        event.getSource().getPartition(),
                                        event.getSource().getOffset());
                        count(predictions, "prediction", place);
                        Long number = numbers.get(place);
                        if (number != null && !Long.toString(number).equals(event.getId())) {
                            problem(place + " has a prediction of event " + event.getId());
                        }
                    });
        }
        try (TopicReader reader =
                new TopicReader(client, config.publish().topic(Topic.DEAD_LETTERS))) {
            reader.readToEnd(
                    record -> {
                        DeadLetterEvent event = AuditReader.read(AuditReader.DEAD_LETTERS, record);
                        count(
                                deadLetters,
                                "dead letter",
                                new Place(event.getPartition(), event.getOffset()));
                    });
        }
    }

    private void count(int[] counts, String what, Place place) {
        Long number = numbers.get(place);
        if (number == null) {
            problem("a " + what + " of " + place + ", where the input has no message");
        } else {
            counts[Math.toIntExact(number)]++;
        }
    }

    private void compare(String topic, Map<String, EventSum> stated) {
        PositionHash hash = new PositionHash();
        Map<String, EventSum> trained = new TreeMap<>();
        for (int number = 0; number < sent.size(); number++) {
            Sent message = sent.get(number);
            Place place = acknowledged.get((long) number);
            if (inputs[number] != 1) {
                problem("message " + number + " is in the input " + inputs[number] + " times");
            }
            if (place == null || !Long.valueOf(number).equals(numbers.get(place))) {
                problem("message " + number + " is not at its acknowledged place " + place);
            }
            if (predictions[number] != (message.fate() == Fate.PREDICTED ? 1 : 0)
                    || deadLetters[number] != (message.fate() == Fate.DEAD_LETTER ? 1 : 0)) {
                problem(
                        "message "
                                + number
                                + " at "
                                + place
                                + ", to be "
                                + message.fate()
                                + ", has "
                                + predictions[number]
                                + " predictions and "
                                + deadLetters[number]
                                + " dead letters");
            }
            if (message.fate() == Fate.TRAINED && place != null) {
                trained.merge(
                        EventLoad.MODELS.get(message.model()),
                        EventSum.NONE.plus(hash.of(topic, place.partition(), place.offset())),
                        (sum, one) -> sum.plus(one.digest()));
            }
        }
        trained.forEach(
                (model, sum) -> {
                    if (!sum.equals(stated.get(model))) {
                        problem(
                                model
                                        + " was sent "
                                        + sum
                                        + " labelled events and was trained on "
                                        + stated.get(model));
                    }
                });
    }

    private void problem(String text) {
        numProblems++;
        if (problems.size() < MAX_LISTED) {
            problems.add(text);
        }
    }
}
