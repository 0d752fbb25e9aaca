package io.freshet.local.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.freshet.config.Key;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Report of an audit as one JSON object, whose names stay the same from release to release. */
public final class AuditJson {
    private AuditJson() {}

    /** Returns the object as text, with line breaks. */
    public static String of(AuditReport report) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("verdict", report.verdict().json());
        object.put("exitCode", report.verdict().exitCode());
        object.put("kind", Key.kebab(report.kind()));
        object.put("job", report.job().job());
        object.put("epoch", report.job().epoch());
        SnapshotTarget until = report.until();
        if (until != null) {
            Map<String, Object> snapshot = new LinkedHashMap<>();
            snapshot.put("modelId", until.modelId());
            snapshot.put("modelVersion", until.modelVersion());
            snapshot.put("contentHash", until.contentHash());
            object.put("until", snapshot);
        }
        AnswerCounts answers = report.answers();
        if (answers != null) {
            Map<String, Object> counts = new LinkedHashMap<>();
            counts.put("predictions", answers.predictions());
            counts.put("deadLetters", answers.deadLetters());
            object.put("answers", counts);
        }
        object.put("pending", report.pending());
        object.put("unread", report.unread());
        object.put("newer", report.newer());
        object.put("seconds", report.seconds());
        object.put("checks", checks(report));
        object.put("findings", report.findings().stream().map(AuditJson::finding).toList());
        object.put("partitions", report.partitions().stream().map(AuditJson::partition).toList());
        List<Object> models = new ArrayList<>();
        report.models().forEach((modelId, state) -> models.add(model(modelId, state)));
        object.put("models", models);
        try {
            return new ObjectMapper()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .writeValueAsString(object);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the report has only texts and numbers", e);
        }
    }

    private static List<Object> checks(AuditReport report) {
        List<Object> checks = new ArrayList<>();
        for (AuditCheck check : AuditCheck.values()) {
            if (!report.includes(check)) {
                continue;
            }
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("check", check.json());
            object.put("verdict", report.verdict(check).json());
            object.put("detail", report.details().getOrDefault(check, ""));
            checks.add(object);
        }
        return checks;
    }

    private static Map<String, Object> finding(Finding finding) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("check", finding.check().json());
        object.put("verdict", finding.verdict().json());
        object.put("modelId", finding.modelId());
        object.put("text", finding.text());
        object.put(
                "ranges",
                finding.spans().stream()
                        .map(
                                span -> {
                                    Map<String, Object> range = new LinkedHashMap<>();
                                    range.put("topic", span.partition().topic());
                                    range.put("partition", span.partition().partition());
                                    range.put("firstOffset", span.from());
                                    range.put("lastOffset", span.to());
                                    return range;
                                })
                        .toList());
        object.put("difference", finding.difference().count());
        object.put("missing", finding.missing().stream().map(AuditJson::position).toList());
        object.put("repeated", finding.repeated().stream().map(AuditJson::position).toList());
        return object;
    }

    private static Map<String, Object> position(EventPosition position) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("topic", position.partition().topic());
        object.put("partition", position.partition().partition());
        object.put("offset", position.offset());
        return object;
    }

    private static Map<String, Object> partition(PartitionReport report) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("topic", report.partition().topic());
        object.put("topicId", report.topicId());
        object.put("partition", report.partition().partition());
        object.put("predictedOnly", report.isPredictedOnly());
        object.put("startOffset", report.start());
        object.put("firstReadOffset", report.firstRead());
        object.put("provenFromOffset", report.provenFrom());
        object.put("provenToOffset", report.provenTo());
        object.put("unread", report.unread());
        object.put("before", report.before());
        return object;
    }

    private static Map<String, Object> model(String modelId, Boundary state) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("modelId", modelId);
        object.put("examplesSeen", state.examplesSeen());
        object.put("read", sum(state.read()));
        object.put("accepted", sum(state.accepted()));
        object.put("unlabelled", sum(state.unlabelled()));
        object.put("ignored", sum(state.ignored()));
        object.put("deadLetters", sum(state.deadLetters()));
        object.put("pending", Math.max(0, state.pending()));
        return object;
    }

    private static Map<String, Object> sum(EventSum sum) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("count", sum.count());
        object.put("digest", String.format(Locale.ROOT, "%016x", sum.digest()));
        return object;
    }
}
