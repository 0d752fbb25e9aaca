package io.freshet.model.check;

import io.freshet.model.LearnerSettings;
import io.freshet.model.contract.DeviceModels;
import io.freshet.model.contract.EngineContract;
import io.freshet.model.contract.ExampleStream;
import io.freshet.model.cuda.DeviceBlock;
import io.freshet.model.cuda.device.Device;
import io.freshet.model.example.Examples;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * Measures blocks from the host's features to the host's scores: scaler, steps, mixture, scores and
 * copies, with several blocks in turn, so that the host fills one while the device has others.
 */
final class SpeedCheck {
    private static final int BLOCKS_IN_TURN = 4;

    /** Different blocks of the stream, which is repeated. */
    private static final int BLOCKS_OF_STREAM = 4;

    private final Supplier<Device> devices;
    private final int rounds;
    private final double secondsOfRound;

    /**
     * @param rounds rounds of a measurement, whose median is taken
     * @param secondsOfRound least duration of a round
     */
    SpeedCheck(Supplier<Device> devices, int rounds, double secondsOfRound) {
        this.devices = devices;
        this.rounds = rounds;
        this.secondsOfRound = secondsOfRound;
    }

    /** Returns the seconds from opening the device until a block could begin. */
    double openSeconds(Shape shape) {
        LearnerSettings settings = settings(shape);
        long begin = System.nanoTime();
        try (DeviceModels models = new DeviceModels(devices.get(), settings, 1)) {
            models.newBlock(1, shape.rows());
            return seconds(begin);
        }
    }

    private static LearnerSettings settings(Shape shape) {
        return shape.numRates() == 0
                ? EngineContract.ensemble(shape.numFeatures(), shape.numClasses())
                : EngineContract.settings(
                        shape.numFeatures(), shape.numClasses(), shape.numRates());
    }

    /**
     * Measures blocks of some models.
     *
     * @param shape rows are those of each model
     * @return microseconds a block, the median of the rounds
     */
    double micros(Shape shape, int numModels) {
        LearnerSettings settings = settings(shape);
        Examples stream = new ExampleStream(settings, 9).take(shape.rows() * BLOCKS_OF_STREAM);
        try (DeviceModels models = new DeviceModels(devices.get(), settings, numModels)) {
            DeviceBlock[] blocks = new DeviceBlock[BLOCKS_IN_TURN];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = models.newBlock(numModels, shape.rows());
            }
            Blocks run = new Blocks(models, blocks, stream, shape.rows(), numModels);
            run.run(BLOCKS_IN_TURN);
            int count = BLOCKS_IN_TURN;
            double elapsed = run.run(count);
            while (elapsed < secondsOfRound) {
                double factor = Math.min(8, Math.max(1.2, secondsOfRound / elapsed * 1.1));
                count = (int) Math.ceil(count * factor);
                elapsed = run.run(count);
            }
            double[] micros = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                micros[round] = run.run(count) * 1e6 / count;
            }
            Arrays.sort(micros);
            return micros[rounds / 2];
        }
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }

    /** The blocks of a measurement. */
    private static final class Blocks {
        private final DeviceModels models;
        private final DeviceBlock[] blocks;
        private final Examples stream;
        private final int rows;
        private final int numModels;

        Blocks(
                DeviceModels models,
                DeviceBlock[] blocks,
                Examples stream,
                int rows,
                int numModels) {
            this.models = models;
            this.blocks = blocks;
            this.stream = stream;
            this.rows = rows;
            this.numModels = numModels;
        }

        /** Runs blocks and returns the seconds from the first row to the last score. */
        double run(int count) {
            long begin = System.nanoTime();
            double sum = 0;
            for (int b = 0; b < count + blocks.length; b++) {
                DeviceBlock block = blocks[b % blocks.length];
                if (b >= blocks.length) {
                    models.learner().finish(block);
                    sum += read(block);
                }
                if (b < count) {
                    int first = b % BLOCKS_OF_STREAM * rows;
                    for (int m = 0; m < numModels; m++) {
                        models.fill(block, m, m, stream, first, first + rows);
                    }
                    models.learner().submit(block);
                }
            }
            double elapsed = seconds(begin);
            if (Double.isNaN(sum)) {
                throw new IllegalStateException("a score is not a number");
            }
            return elapsed;
        }

        /** Reads the scores of all rows, and returns their sum. */
        private double read(DeviceBlock block) {
            double sum = 0;
            for (int m = 0; m < numModels; m++) {
                for (int row = 0; row < rows; row++) {
                    sum +=
                            block.scores().loss(m, row)
                                    + block.scores().confidence(m, row)
                                    + block.scores().brier(m, row)
                                    + block.scores().predictedClass(m, row)
                                    + block.scores().rank(m, row);
                }
            }
            return sum;
        }
    }
}
