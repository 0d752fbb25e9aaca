package io.freshet.pipeline;

import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;

/** Factory of admin clients for a job's Kafka cluster. */
public final class KafkaAdmin {
    private static final int TIMEOUT_MILLIS = 10_000;

    private KafkaAdmin() {}

    /**
     * Returns an admin client that times out after ten seconds unless configured otherwise.
     *
     * @throws KafkaException for which {@link KafkaFailure} has the reason
     */
    public static Admin create(KafkaConfig kafka) {
        try {
            SecretReferences.resolve(kafka.client());
        } catch (PreflightException e) {
            throw new KafkaException(e);
        }
        Properties properties = kafka.clientProperties();
        properties.putIfAbsent(
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, Integer.toString(TIMEOUT_MILLIS));
        properties.putIfAbsent(
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, Integer.toString(TIMEOUT_MILLIS / 2));
        return Admin.create(properties);
    }
}
