package io.freshet.local.chaos;

import io.freshet.local.audit.AuditReader;
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
 * Comparison of the messages that were sent with those that came out, by their numbers and without
 * any digest or count of the job: every acknowledged message is in the input once, every message in
 * the input has exactly one prediction or one dead letter, as its content demands, and each model
 * was trained on exactly its labelled events.
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
     * @param examples number of examples trained on according to the newest metrics, by model
     * @return number of messages
     * @throws ChaosViolation listing what is missing or there more than once
     */
    static int run(
            JobConfig config,
            List<Sent> sent,
            Map<Long, Place> acknowledged,
            Map<String, Long> examples) {
        DeliveryCheck check = new DeliveryCheck(sent, acknowledged);
        check.read(config);
        check.compare(examples);
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

    private void compare(Map<String, Long> examples) {
        Map<String, Long> trained = new TreeMap<>();
        for (int number = 0; number < sent.size(); number++) {
            Sent message = sent.get(number);
            Place place = acknowledged.get((long) number);
            if (inputs[number] != 1) {
                problem("message " + number + " is in the input " + inputs[number] + " times");
            }
            if (place == null || !Long.valueOf(number).equals(numbers.get(place))) {
                problem("message " + number + " is not at its acknowledged place " + place);
            }
            boolean dead = message.fate() == Fate.DEAD_LETTER;
            if (predictions[number] != (dead ? 0 : 1) || deadLetters[number] != (dead ? 1 : 0)) {
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
            if (message.fate() == Fate.TRAINED) {
                trained.merge(EventLoad.MODELS.get(message.model()), 1L, Long::sum);
            }
        }
        trained.forEach(
                (model, count) -> {
                    if (!count.equals(examples.get(model))) {
                        problem(
                                model
                                        + " was sent "
                                        + count
                                        + " labelled events and has seen "
                                        + examples.get(model));
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
