package io.freshet.ingest;

import io.freshet.ingest.AvroCursor.InvalidEventException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Packs messages into the blocks of their models, or sets them aside.
 *
 * <p>Every message is counted in exactly one block: as a row, as ignored or as a dead letter. The
 * last go to the model that they were meant for, or to {@link #NO_MODEL} where that cannot be read
 * or is not allowed. Not thread-safe.
 */
final class ExamplePacker {
    /** The model id that is reserved for dead letters without a model. */
    static final String NO_MODEL = "";

    private static final int MAX_MODEL_ID_LENGTH = 255;
    private static final int MAX_DETAIL_LENGTH = 300;

    /** Blocks kept for their arrays once they have been handed on. */
    private static final int MAX_SPARES = 4;

    private final LabelledEventReader reader;
    private final EventHash eventHash = new EventHash();
    private final int numFeatures;
    private final Set<String> allowedModels;
    private final int numTargets;
    private final float[] noRoom;
    private final Map<String, ExampleBlock> blocks = new LinkedHashMap<>();
    private final Deque<ExampleBlock> spares = new ArrayDeque<>();
    private final Consumer<DeadLetter> deadLetters;
    private @Nullable ExampleBlock lastBlock;

    ExamplePacker(IngestConfig config, Consumer<DeadLetter> deadLetters) {
        reader = new LabelledEventReader(config);
        numFeatures = config.numFeatures();
        numTargets = config.numTargets();
        allowedModels = config.allowedModels();
        noRoom = new float[Math.max(numFeatures, numTargets)];
        this.deadLetters = deadLetters;
    }

    /** Number of blocks being filled. */
    int openBlocks() {
        return blocks.size();
    }

    /** The block that was opened first; there must be one. */
    ExampleBlock longestOpen() {
        return blocks.values().iterator().next();
    }

    /** Takes back a block that has been handed on; the next message of its model opens another. */
    void close(ExampleBlock block) {
        blocks.remove(block.modelId());
        lastBlock = null;
        if (spares.size() < MAX_SPARES) {
            block.clear();
            spares.push(block);
        }
    }

    /**
     * Packs one message.
     *
     * @return the block that it was counted in
     */
    ExampleBlock pack(RawMessage message) {
        long hash = eventHash.of(message.topic(), message.partition(), message.offset());
        try {
            reader.readHead(message.value());
            String modelId = reader.modelId();
            if (modelId.equals(NO_MODEL)) {
                reader.readRest(noRoom, 0, noRoom, 0);
                return setAside(
                        message,
                        hash,
                        NO_MODEL,
                        DeadLetterReason.RESERVED_MODEL_ID,
                        "the model id \"\" is reserved");
            }
            if (!allowedModels.isEmpty() && !allowedModels.contains(modelId)) {
                reader.readRest(noRoom, 0, noRoom, 0);
                return setAside(
                        message,
                        hash,
                        NO_MODEL,
                        DeadLetterReason.MODEL_NOT_ALLOWED,
                        "models.allowed does not name \"" + modelId + "\"");
            }
            if (modelId.length() > MAX_MODEL_ID_LENGTH) {
                reader.readRest(noRoom, 0, noRoom, 0);
                return setAside(
                        message,
                        hash,
                        NO_MODEL,
                        DeadLetterReason.MODEL_ID_TOO_LONG,
                        "a model id of " + modelId.length() + " characters");
            }
            ExampleBlock block = block(modelId);
            block.reserveRow();
            reader.readRest(
                    block.features(),
                    block.size() * numFeatures,
                    block.targets(),
                    block.size() * numTargets);
            InvalidEventException objection = reader.objection();
            if (objection != null) {
                return setAside(message, hash, modelId, objection.reason(), objection.detail());
            }
            if (reader.hasIgnoreIndex()) {
                block.audit().ignore(hash, IgnoredReason.IGNORE_INDEX);
            } else if (reader.label() == ExampleBlock.UNLABELLED) {
                addRow(block, message, hash, reader.id());
            } else if (reader.weight() == 0) {
                block.audit().ignore(hash, IgnoredReason.ZERO_WEIGHT);
            } else {
                addRow(block, message, hash, null);
            }
            return block;
        } catch (InvalidEventException e) {
            return setAside(message, hash, NO_MODEL, e.reason(), e.detail());
        }
    }

    private void addRow(ExampleBlock block, RawMessage message, long hash, @Nullable String id) {
        block.addReservedRow(
                reader.label(),
                reader.weight(),
                hash,
                message.topic(),
                message.partition(),
                message.offset(),
                reader.timestamp(),
                id);
    }

    private ExampleBlock setAside(
            RawMessage message, long hash, String modelId, DeadLetterReason reason, String detail) {
        deadLetters.accept(new DeadLetter(message, modelId, reason, shortened(detail)));
        ExampleBlock block = block(modelId);
        block.audit().deadLetter(hash, reason);
        return block;
    }

    /** The message itself is kept whole; what it is said to offend with need not be. */
    private static String shortened(String detail) {
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
        if (spares.isEmpty()) {
            return new ExampleBlock(modelId, numFeatures, numTargets);
        }
        ExampleBlock spare = spares.pop();
        spare.rename(modelId);
        return spare;
    }
}
