package io.freshet.model.cuda;

import io.freshet.ensemble.Combination;
import io.freshet.ensemble.Projection;
import io.freshet.model.cuda.MemoryLayout.Place;
import io.freshet.model.cuda.device.Device;
import io.freshet.model.cuda.device.DeviceMemory;

/**
 * Scratch of a block of ensembles on the device. Arrays are for each model of the block one after
 * the other; sizes in brackets are those of one model. What they hold is said in experts.cu and
 * combination.cu.
 */
final class EnsembleMemory {
    /** All of it. */
    final DeviceMemory scratch;

    /** (rows, experts, classes) floats. */
    final DeviceMemory logs;

    /** (rows, classes) floats; empty where what is learnt is a class. */
    final DeviceMemory targets;

    /** (rows, active cells). */
    final DeviceMemory cells;

    final DeviceMemory before;
    final DeviceMemory places;
    final DeviceMemory epochs;
    final DeviceMemory starts;

    /** (1) long. */
    final DeviceMemory seen;

    /** (epochs, features) floats. */
    final DeviceMemory spreads;

    final DeviceMemory featureWeights;

    /** (features, rows) floats. */
    final DeviceMemory weighted;

    /** (dimensions, rows) floats; the weighted features themselves where they are not projected. */
    final DeviceMemory points;

    /** (rows, combinations, classes) doubles. */
    final DeviceMemory combined;

    /** (rows, combinations) floats. */
    final DeviceMemory trained;

    /** (rows, combinations) doubles. */
    final DeviceMemory relatives;

    /** (rows, combinations) floats. */
    final DeviceMemory weights;

    EnsembleMemory(Device device, LinearModel model, BlockShape shape) {
        long models = shape.models();
        long rows = models * shape.rows();
        int classes = model.numOutputs();
        int features = model.numFeatures();
        int dimensions = Projection.dimensions(features);
        long epochsOfModels = models * EnsembleSizes.maxEpochs(shape.rows());
        MemoryLayout layout = new MemoryLayout();
        Place ofLogs = layout.words(rows * model.numExperts() * classes);
        Place ofTargets = layout.words(shape.gradient() == Gradient.OF_LABEL ? 0 : rows * classes);
        Place ofCells = layout.words(rows * EnsembleSizes.ACTIVE);
        Place ofBefore = layout.words(rows);
        Place ofPlaces = layout.words(rows);
        Place ofEpochs = layout.words(rows);
        Place ofStarts = layout.words(epochsOfModels);
        Place ofSeen = layout.doubles(models);
        Place ofSpreads = layout.words(epochsOfModels * features);
        Place ofFeatureWeights = layout.words(epochsOfModels * features);
        Place ofWeighted = layout.words(rows * features);
        Place ofPoints = layout.words(dimensions < features ? rows * dimensions : 0);
        Place ofCombined = layout.doubles(rows * Combination.ANSWERS * classes);
        Place ofTrained = layout.words(rows * Combination.ANSWERS);
        Place ofRelatives = layout.doubles(rows * Combination.ANSWERS);
        Place ofWeights = layout.words(rows * Combination.ANSWERS);
        scratch = device.allocate(layout.size());
        logs = ofLogs.in(scratch);
        targets = ofTargets.in(scratch);
        cells = ofCells.in(scratch);
        before = ofBefore.in(scratch);
        places = ofPlaces.in(scratch);
        epochs = ofEpochs.in(scratch);
        starts = ofStarts.in(scratch);
        seen = ofSeen.in(scratch);
        spreads = ofSpreads.in(scratch);
        featureWeights = ofFeatureWeights.in(scratch);
        weighted = ofWeighted.in(scratch);
        points = dimensions < features ? ofPoints.in(scratch) : weighted;
        combined = ofCombined.in(scratch);
        trained = ofTrained.in(scratch);
        relatives = ofRelatives.in(scratch);
        weights = ofWeights.in(scratch);
    }
}
