package io.freshet.publish;

import io.freshet.learn.LearnConfig;
import io.freshet.learn.ModelSnapshot;
import io.freshet.monitor.MonitorConfig;
import io.freshet.registry.RegistryHealth;
import io.freshet.registry.RegistryRefusedException;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** The records in which a snapshot is published. */
public final class SnapshotRecords {
    private SnapshotRecords() {}

    public static List<ModelSnapshotEvent> of(
            ModelSnapshot snapshot, PublishConfig publish, LearnConfig learn, MonitorConfig monitor)
            throws IOException, RegistryRefusedException, InterruptedException {
        EventReader<ModelSnapshotEvent> reader = EventReader.of(ModelSnapshotEvent.class);
        List<ModelSnapshotEvent> records = new ArrayList<>();
        for (byte[] value : encoded(snapshot, publish, learn, monitor)) {
            records.add(reader.read(value));
        }
        return records;
    }

    /** Returns the records as they are on the topic. */
    public static List<byte[]> encoded(
            ModelSnapshot snapshot, PublishConfig publish, LearnConfig learn, MonitorConfig monitor)
            throws RegistryRefusedException, InterruptedException {
        Publisher publisher = new Publisher(publish, learn, monitor, JobIdentity.first("job"));
        publisher.open(List.of(Topic.MODELS), UnaryOperator.identity(), new RegistryHealth());
        List<byte[]> records = new ArrayList<>();
        publisher.snapshot(
                snapshot,
                publication -> {
                    if (publication.topic() == Topic.MODELS) {
                        records.add(publication.value());
                    }
                });
        return records;
    }
}
