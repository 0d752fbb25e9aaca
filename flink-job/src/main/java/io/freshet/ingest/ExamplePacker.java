package io.freshet.ingest;

import io.freshet.model.example.Examples;
import io.freshet.registry.SchemaRegistry;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Packer of events into blocks of examples by model; invalid events become dead letters.
 *
 * <p>Every event is counted in exactly one block: as an example, as ignored or as a dead letter. A
 * dead letter is counted in the block of its model, or in that of {@link #NO_MODEL} if the model id
 * cannot be read or the model is not allowed. Not thread-safe.
 */
public final class ExamplePacker {
    /** Reserved model id under which dead letters without a model are counted. */
    static final String NO_MODEL = "";

    private static final int MAX_MODEL_ID_LENGTH = 255;
    private static final int MAX_DETAIL_LENGTH = 300;

    /** Maximum number of emitted blocks that are kept for reuse. */
    private static final int MAX_RECYCLED_BLOCKS = 4;

    private final EventDecoder decoder;
    private final EventHash eventHash = new EventHash();
    private final int numFeatures;
    private final boolean isSparse;
    private final Set<String> allowedModels;
    private final int numTargets;

    /** Room for the features and targets of an event that belongs to no model's block. */
    private final Examples discarded;

    private final Map<String, ExampleBlock> blocks = new LinkedHashMap<>();
    private final Deque<ExampleBlock> recycledBlocks = new ArrayDeque<>();
    private final Consumer<DeadLetter> deadLetters;

    /** Whether labels and weights are not used. */
    private final boolean predictsOnly;

    /** Whether labelled events keep their ids, too. */
    private final boolean keepsIds;

    private @Nullable ExampleBlock lastBlock;

    /**
     * @param registry registry of the messages' schemas; null if their format needs none
     * @param deadLetters receives the events that cannot be used
     */
    public ExamplePacker(
            IngestConfig config,
            @Nullable SchemaRegistry registry,
            Consumer<DeadLetter> deadLetters) {
        this(config, registry, deadLetters, false);
    }

    /**
     * Returns a packer of events that are predicted only: their examples have no labels, and labels
     * and weights that the events have are checked, but not used.
     *
     * @param registry registry of the messages' schemas; null if their format needs none
     * @param deadLetters receives the events that cannot be used
     */
    public static ExamplePacker forPrediction(
            IngestConfig config,
            @Nullable SchemaRegistry registry,
            Consumer<DeadLetter> deadLetters) {
        return new ExamplePacker(config, registry, deadLetters, true);
    }

    private ExamplePacker(
            IngestConfig config,
            @Nullable SchemaRegistry registry,
            Consumer<DeadLetter> deadLetters,
            boolean predictsOnly) {
        this.predictsOnly = predictsOnly;
        keepsIds = config.predictions() == PredictedEvents.ALL;
        decoder =
                switch (config.source().format()) {
                    case FRESHET -> new LabelledEventReader(config);
                    case JSON -> new JsonDecoder(config);
                    case AVRO, CONFLUENT_AVRO -> new AvroDecoder(config, registry);
                };
        numFeatures = config.numFeatures();
        numTargets = config.numTargets();
        allowedModels = config.allowedModels();
        isSparse = config.isSparse();
        discarded = new Examples(numFeatures, numTargets, 1, isSparse);
        this.deadLetters = deadLetters;
    }

    /** Returns the number of blocks being filled. */
    int openBlocks() {
        return blocks.size();
    }

    /** Returns the open block that was opened first; there must be one. */
    ExampleBlock oldestBlock() {
        return blocks.values().iterator().next();
    }

    /** Closes a block that has been emitted and keeps it for reuse. */
    public void recycle(ExampleBlock block) {
        blocks.remove(block.modelId());
        lastBlock = null;
        if (recycledBlocks.size() < MAX_RECYCLED_BLOCKS) {
            block.clear();
            recycledBlocks.push(block);
        }
    }

    /**
     * Packs one event.
     *
     * @return the block in which the event was counted
     */
    public ExampleBlock pack(RawMessage message) {
        long hash = eventHash.of(message.topic(), message.partition(), message.offset());
        ExampleBlock block = pack(message, hash);
        block.read().add(message.topic(), message.partition(), message.offset(), hash);
        return block;
    }

    private ExampleBlock pack(RawMessage message, long hash) {
        try {
            decoder.readHeader(message);
            String modelId = decoder.modelId();
            if (modelId.equals(NO_MODEL)) {
                discardRest();
                return addDeadLetter(
                        message,
                        hash,
                        NO_MODEL,
                        DeadLetterReason.RESERVED_MODEL_ID,
                        "the model id \"\" is reserved");
            }
            if (!allowedModels.isEmpty() && !allowedModels.contains(modelId)) {
                discardRest();
                return addDeadLetter(
                        message,
                        hash,
                        NO_MODEL,
                        DeadLetterReason.MODEL_NOT_ALLOWED,
                        "models.allowed does not contain \"" + modelId + "\"");
            }
            if (modelId.length() > MAX_MODEL_ID_LENGTH) {
                discardRest();
                return addDeadLetter(
                        message,
                        hash,
                        NO_MODEL,
                        DeadLetterReason.MODEL_ID_TOO_LONG,
                        "a model id of " + modelId.length() + " characters");
            }
            ExampleBlock block = block(modelId);
            Examples examples = block.examples();
            examples.reserve();
            decoder.readRest(examples);
            InvalidEventException violation = decoder.violation();
            if (violation != null) {
                return addDeadLetter(
                        message, hash, modelId, violation.reason(), violation.detail());
            }
            if (predictsOnly) {
                addUnlabelled(block, message, hash);
            } else if (decoder.hasIgnoreIndex()) {
                block.audit().ignore(hash, IgnoredReason.IGNORE_INDEX);
            } else if (decoder.label() == Examples.UNLABELLED) {
                addUnlabelled(block, message, hash);
            } else if (decoder.weight() == 0) {
                block.audit().ignore(hash, IgnoredReason.ZERO_WEIGHT);
            } else {
                addLabelled(block, message, hash);
            }
            return block;
        } catch (InvalidEventException e) {
            return addDeadLetter(message, hash, NO_MODEL, e.reason(), e.detail());
        }
    }

    private void discardRest() throws InvalidEventException {
        discarded.reserve();
        decoder.readRest(discarded);
    }

    private void addUnlabelled(ExampleBlock block, RawMessage message, long hash)
            throws InvalidEventException {
        addRow(block, message, hash, Examples.UNLABELLED, decoder.weight(), decoder.id());
    }

    private void addLabelled(ExampleBlock block, RawMessage message, long hash)
            throws InvalidEventException {
        String className = decoder.className();
        int label = className == null ? decoder.label() : block.classIndex(className);
        addRow(block, message, hash, label, decoder.weight(), keepsIds ? decoder.id() : null);
    }

    private void addRow(
            ExampleBlock block,
            RawMessage message,
            long hash,
            int label,
            float weight,
            @Nullable String id) {
        decoder.countRounded(block.rounded());
        block.addReserved(
                label,
                weight,
                hash,
                message.topic(),
                message.partition(),
                message.offset(),
                decoder.timestamp(),
                id);
    }

    private ExampleBlock addDeadLetter(
            RawMessage message, long hash, String modelId, DeadLetterReason reason, String detail) {
        deadLetters.accept(new DeadLetter(message, modelId, reason, truncate(detail)));
        ExampleBlock block = block(modelId);
        block.audit().deadLetter(hash, reason);
        return block;
    }

    /** Limits the length of a detail, which may quote the event; the event itself is kept whole. */
    static String truncate(String detail) {
        return detail.length() <= MAX_DETAIL_LENGTH
                ? detail
                : detail.substring(0, MAX_DETAIL_LENGTH) + "…";
    }

    private ExampleBlock block(String modelId) {
        ExampleBlock last = lastBlock;
        if (last != null && last.modelId().equals(modelId)) {
            return last;
        }
        ExampleBlock block = blocks.get(modelId);
        if (block == null) {
            block = open(modelId);
            blocks.put(modelId, block);
        }
        lastBlock = block;
        return block;
    }

    private ExampleBlock open(String modelId) {
        if (recycledBlocks.isEmpty()) {
            return new ExampleBlock(modelId, numFeatures, numTargets, isSparse);
        }
        ExampleBlock recycled = recycledBlocks.pop();
        recycled.rename(modelId);
        return recycled;
    }
}
