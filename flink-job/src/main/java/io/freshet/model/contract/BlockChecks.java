package io.freshet.model.contract;

import io.freshet.model.LearnerSettings;
import io.freshet.model.cuda.DeviceBlock;
import io.freshet.model.example.Examples;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.scale.Standardization;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Checks of the blocks of a device: their sizes, order, memory and undoing. */
final class BlockChecks {
    private final ContractSize size;
    private final List<ContractCheck> checks = new ArrayList<>();

    private BlockChecks(ContractSize size) {
        this.size = size;
    }

    static List<ContractCheck> all(ContractSize size) {
        BlockChecks checks = new BlockChecks(size);
        checks.addShapes();
        checks.add("several models in one block", BlockChecks::severalModels);
        checks.add("blocks submitted ahead", BlockChecks::submittedAhead);
        checks.add("undone blocks", BlockChecks::undone);
        checks.add("poisoned memory", BlockChecks::poisoned);
        checks.add("rows of an earlier block", BlockChecks::staleRows);
        return checks.checks;
    }

    private void add(String name, Function<Engine, List<Deviation>> body) {
        checks.add(new ContractCheck(name, Engine::isDevice, body));
    }

    private void addShapes() {
        addShape(512, 4, 3, 2, 3);
        addShape(1024, 3, 17, 1, 2);
        if (size == ContractSize.LARGE) {
            addShape(512, 54, 7, 7, 100);
            addShape(512, 512, 10, 7, 25);
            addShape(1024, 2048, 1000, 1, 1);
        }
    }

    private void addShape(int rows, int numFeatures, int numClasses, int numRates, int numBlocks) {
        LearnerSettings settings =
                LearnerChecks.ofShape(numFeatures, numClasses, numRates, new Standardization());
        add(
                String.format(
                        "%d blocks of %d × %d features, %d classes, %s",
                        numBlocks,
                        rows,
                        numFeatures,
                        numClasses,
                        numRates == 1 ? "1 rate" : numRates + " rates"),
                engine -> {
                    Examples stream = new ExampleStream(settings, 5).take(rows * numBlocks);
                    PlainLoop plain = new PlainLoop(settings);
                    RecordedEvaluation expected = plain.learn(stream);
                    RecordedEvaluation found = new RecordedEvaluation(stream.size());
                    try (DeviceModels models = new DeviceModels(engine.openDevice(), settings, 1)) {
                        DeviceBlock block = models.newBlock(1, rows);
                        for (int begin = 0; begin < stream.size(); begin += rows) {
                            run(models, block, stream, begin, begin + rows, found);
                        }
                        return compare(
                                settings, found, expected, models.parameters(0), plain.parameters);
                    }
                });
    }

    /** Runs one block of one model, and records its scores. */
    private static void run(
            DeviceModels models,
            DeviceBlock block,
            Examples stream,
            int begin,
            int end,
            RecordedEvaluation recorded) {
        models.fill(block, 0, 0, stream, begin, end);
        models.learner().submit(block);
        models.learner().finish(block);
        models.record(block, 0, stream, begin, end, recorded);
    }

    private static List<Deviation> compare(
            LearnerSettings settings,
            RecordedEvaluation found,
            RecordedEvaluation expected,
            float[] parameters,
            double[][][] expectedParameters) {
        List<Deviation> deviations =
                new ArrayList<>(Deviations.ofScores(found, expected, Deviations.TOLERANCE));
        deviations.add(
                Deviations.ofParameters(
                        "parameters",
                        settings,
                        parameters,
                        expectedParameters,
                        Deviations.TOLERANCE));
        return deviations;
    }

    private static LearnerSettings mixed(int numClasses) {
        LearnerSettings shape =
                LearnerChecks.ofShape(5, numClasses, 3, new Standardization(10, false));
        return new LearnerSettings(
                shape.numFeatures(),
                shape.numClasses(),
                1,
                shape.loss(),
                shape.optimizer(),
                new Mixture(List.of(0.01, 0.03, 0.1), Mixture.DEFAULT_SWITCHING_RATES, true),
                shape.reduction(),
                shape.scaler(),
                shape.maxSkippedSteps());
    }

    private static Examples stream(LearnerSettings settings, int seed, int count) {
        return new ExampleStream(settings, seed).weighted().partlyLabelled().take(count);
    }

    /** Models with different numbers of rows, in other places of a block than their states. */
    private static List<Deviation> severalModels(Engine engine) {
        List<Deviation> deviations = new ArrayList<>();
        for (int numClasses : new int[] {3, 20}) {
            LearnerSettings settings = mixed(numClasses);
            int[][] counts = {{64, 1, 33, 0, 40}, {7, 64, 0, 32, 31}, {64, 64, 64, 64, 64}};
            int[] slots = {3, 0, 4, 1, 2};
            int numModels = slots.length;
            try (DeviceModels models = new DeviceModels(engine.openDevice(), settings, numModels)) {
                DeviceBlock block = models.newBlock(numModels, 64);
                block.wantProbabilities(true);
                Examples[] streams = new Examples[numModels];
                RecordedEvaluation[] found = new RecordedEvaluation[numModels];
                int[] begins = new int[numModels];
                for (int m = 0; m < numModels; m++) {
                    int place = m;
                    int total = Arrays.stream(counts).mapToInt(ofBlock -> ofBlock[place]).sum();
                    streams[m] = stream(settings, 10 + m, total);
                    found[m] = new RecordedEvaluation(total);
                }
                for (int[] ofBlock : counts) {
                    for (int m = 0; m < numModels; m++) {
                        models.fill(
                                block, m, slots[m], streams[m], begins[m], begins[m] + ofBlock[m]);
                    }
                    models.learner().submit(block);
                    models.learner().finish(block);
                    for (int m = 0; m < numModels; m++) {
                        int end = begins[m] + ofBlock[m];
                        models.record(block, m, streams[m], begins[m], end, found[m]);
                        begins[m] = end;
                    }
                }
                for (int m = 0; m < numModels; m++) {
                    PlainLoop plain = new PlainLoop(settings);
                    deviations.addAll(
                            compare(
                                    settings,
                                    found[m],
                                    plain.learn(streams[m]),
                                    models.parameters(slots[m]),
                                    plain.parameters));
                }
            }
        }
        return deviations;
    }

    /** Three blocks in turn, each submitted before those before it have ended. */
    private static List<Deviation> submittedAhead(Engine engine) {
        LearnerSettings settings = mixed(4);
        int rows = 64;
        Examples stream = stream(settings, 20, rows * 12);
        PlainLoop plain = new PlainLoop(settings);
        RecordedEvaluation expected = plain.learn(stream);
        RecordedEvaluation found = new RecordedEvaluation(stream.size());
        try (DeviceModels models = new DeviceModels(engine.openDevice(), settings, 1)) {
            DeviceBlock[] blocks = {
                models.newBlock(1, rows), models.newBlock(1, rows), models.newBlock(1, rows)
            };
            int numBlocks = stream.size() / rows;
            for (int b = 0; b < numBlocks + blocks.length; b++) {
                DeviceBlock block = blocks[b % blocks.length];
                if (b >= blocks.length) {
                    int begin = (b - blocks.length) * rows;
                    models.learner().finish(block);
                    models.record(block, 0, stream, begin, begin + rows, found);
                }
                if (b < numBlocks) {
                    block.wantProbabilities(true);
                    models.fill(block, 0, 0, stream, b * rows, (b + 1) * rows);
                    models.learner().submit(block);
                }
            }
            return compare(settings, found, expected, models.parameters(0), plain.parameters);
        }
    }

    /** Blocks that are submitted ahead and undone leave the models as they were. */
    private static List<Deviation> undone(Engine engine) {
        LearnerSettings settings = mixed(4);
        int rows = 64;
        Examples stream = stream(settings, 30, rows * 4);
        PlainLoop plain = new PlainLoop(settings);
        RecordedEvaluation expected = plain.learn(stream);
        RecordedEvaluation found = new RecordedEvaluation(stream.size());
        try (DeviceModels models = new DeviceModels(engine.openDevice(), settings, 1)) {
            DeviceBlock first = models.newBlock(1, rows);
            DeviceBlock second = models.newBlock(1, rows);
            first.wantProbabilities(true);
            second.wantProbabilities(true);
            run(models, first, stream, 0, rows, found);
            float[] parameters = models.parameters(0);
            float[] counts = models.learner().baselineCounts(0);
            models.fill(first, 0, 0, stream, rows, 2 * rows);
            models.learner().submit(first);
            models.fill(second, 0, 0, stream, 2 * rows, 3 * rows);
            models.learner().submit(second);
            models.learner().undo(second);
            models.learner().undo(first);
            List<Deviation> deviations = new ArrayList<>();
            deviations.add(
                    Deviations.ofBits("parameters undone", models.parameters(0), parameters));
            deviations.add(
                    Deviations.ofBits(
                            "baselines undone", models.learner().baselineCounts(0), counts));
            for (int b = 1; b < 4; b++) {
                run(models, b == 2 ? second : first, stream, b * rows, (b + 1) * rows, found);
            }
            deviations.addAll(
                    compare(settings, found, expected, models.parameters(0), plain.parameters));
            return deviations;
        }
    }

    /** Nothing is read before it was written, and everything that is read was written. */
    private static List<Deviation> poisoned(Engine engine) {
        List<Deviation> deviations = new ArrayList<>();
        for (int numClasses : new int[] {4, 20}) {
            LearnerSettings settings = mixed(numClasses);
            int rows = 64;
            Examples stream = stream(settings, 40, rows * 3 + 11);
            PlainLoop plain = new PlainLoop(settings);
            RecordedEvaluation expected = plain.learn(stream);
            RecordedEvaluation found = new RecordedEvaluation(stream.size());
            try (DeviceModels models = new DeviceModels(engine.openDevice(), settings, 1)) {
                DeviceBlock block = models.newBlock(1, rows);
                block.wantProbabilities(true);
                for (int begin = 0; begin < stream.size(); begin += rows) {
                    models.learner().poison(block);
                    int end = Math.min(stream.size(), begin + rows);
                    run(models, block, stream, begin, end, found);
                }
                deviations.addAll(
                        compare(settings, found, expected, models.parameters(0), plain.parameters));
            }
        }
        return deviations;
    }

    /** Short blocks after one whose rows are not numbers, and which is undone. */
    private static List<Deviation> staleRows(Engine engine) {
        LearnerSettings settings = mixed(4);
        int rows = 64;
        Examples stream = stream(settings, 50, 100);
        Examples bad = new ExampleStream(settings, 51).take(rows);
        Arrays.fill(bad.features(), 0, rows * bad.numFeatures(), Float.POSITIVE_INFINITY);
        PlainLoop plain = new PlainLoop(settings);
        RecordedEvaluation expected = plain.learn(stream);
        RecordedEvaluation found = new RecordedEvaluation(stream.size());
        try (DeviceModels models = new DeviceModels(engine.openDevice(), settings, 1)) {
            DeviceBlock block = models.newBlock(1, rows);
            block.wantProbabilities(true);
            int begin = 0;
            for (int end : new int[] {33, 34, 100}) {
                models.fill(block, 0, 0, bad, 0, rows);
                models.learner().submit(block);
                models.learner().undo(block);
                for (; begin < end; begin = Math.min(end, begin + rows)) {
                    run(models, block, stream, begin, Math.min(end, begin + rows), found);
                }
            }
            return compare(settings, found, expected, models.parameters(0), plain.parameters);
        }
    }
}
