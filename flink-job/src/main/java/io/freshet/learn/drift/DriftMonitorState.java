package io.freshet.learn.drift;

/**
 * What the drift detectors of a model keep in state.
 *
 * @param examples examples that they have seen
 * @param quietUntil up to which example there is no other alert
 * @param alerts alerts so far
 * @param detectors by detector
 * @param evidence the last examples
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record DriftMonitorState(
        long examples,
        long quietUntil,
        long alerts,
        DetectorState[] detectors,
        EvidenceState evidence) {}
