package io.freshet.learn.drift;

/**
 * State of a model's {@link DriftMonitor}, without the successor.
 *
 * @param examplesSeen number of examples seen by the detectors
 * @param coolDownEnd number of examples seen at the end of the last alert's cool-down
 * @param alerts number of alerts so far
 * @param detectors state of each detector
 * @param evidence the latest examples
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record DriftMonitorState(
        long examplesSeen,
        long coolDownEnd,
        long alerts,
        DetectorState[] detectors,
        EvidenceState evidence) {}
