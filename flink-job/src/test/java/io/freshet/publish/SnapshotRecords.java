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
        Publisher publisher = new Publisher(publish, learn, monitor, JobIdentity.first("job"));
        publisher.open(List.of(Topic.MODELS), UnaryOperator.identity(), new RegistryHealth());
        List<Publication> publications = new ArrayList<>();
        publisher.snapshot(snapshot, publications::add);
        EventReader<ModelSnapshotEvent> reader = EventReader.of(ModelSnapshotEvent.class);
        List<ModelSnapshotEvent> records = new ArrayList<>();
        for (Publication publication : publications) {
            if (publication.topic() == Topic.MODELS) {
                records.add(reader.read(publication.value()));
            }
        }
        return records;
    }
}
