package io.freshet.publish;

import io.freshet.registry.RegistryHealth;
import io.freshet.registry.RegistryRefusedException;
import java.util.List;
import java.util.function.Consumer;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.util.Collector;
import org.apache.flink.util.function.SerializableFunction;

/**
 * Function of an operator that encodes one kind of result.
 *
 * <p>Its task waits at the start while a schema registry, if the format needs one, does not answer.
 * The job ends if the registry refuses it.
 *
 * @param <T> type of the results
 */
public final class PublishFunction<T> extends RichFlatMapFunction<T, Publication> {
    private static final long serialVersionUID = 1;

    /** Method of {@link Publisher} for one kind of result. */
    @FunctionalInterface
    public interface Encoding<T> extends java.io.Serializable {
        void encode(Publisher publisher, T result, Consumer<Publication> publications);
    }

    private final Publisher publisher;
    private final SerializableFunction<String, String> secrets;
    private final List<Topic> topics;
    private final Encoding<T> encoding;

    /**
     * @param secrets function that replaces references to secrets in a text by what they refer to
     * @param topics topics of the results' events
     */
    public PublishFunction(
            Publisher publisher,
            SerializableFunction<String, String> secrets,
            List<Topic> topics,
            Encoding<T> encoding) {
        this.publisher = publisher;
        this.secrets = secrets;
        this.topics = List.copyOf(topics);
        this.encoding = encoding;
    }

    @Override
    public void open(OpenContext context) throws InterruptedException {
        RegistryHealth health = new RegistryHealth();
        if (publisher.needsRegistry()) {
            health.addGauges(getRuntimeContext().getMetricGroup().addGroup("freshet"));
        }
        try {
            publisher.open(topics, secrets::apply, health);
        } catch (RegistryRefusedException e) {
            throw new SuppressRestartsException(e);
        }
    }

    @Override
    public void flatMap(T result, Collector<Publication> out) {
        encoding.encode(publisher, result, out::collect);
    }
}
