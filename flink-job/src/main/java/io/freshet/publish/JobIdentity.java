package io.freshet.publish;

import java.io.Serializable;
import java.util.Map;

/**
 * Identity of a job, which its records contain.
 *
 * @param name name of the job ({@code job.name})
 * @param epoch number of times that the job has begun without state, at least 1
 * @param topicIds Kafka's ids of the topics that the job reads, by topic
 */
public record JobIdentity(String name, long epoch, Map<String, String> topicIds)
        implements Serializable {

    public JobIdentity {
        if (epoch < 1) {
            throw new IllegalArgumentException("epoch " + epoch + "; the first is 1");
        }
        topicIds = Map.copyOf(topicIds);
    }

    /** Returns the identity of a job that begins for the first time and whose topics have no id. */
    public static JobIdentity first(String name) {
        return new JobIdentity(name, 1, Map.of());
    }

    /** Returns the id of a topic, or "" if it is unknown. */
    String topicId(String topic) {
        return topicIds.getOrDefault(topic, "");
    }
}
