package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PartitionTalliesTest {
    private static PartitionTallies tallies(long firstOffset, int... partitions) {
        PartitionTallies tallies = new PartitionTallies();
        long offset = firstOffset;
        for (int partition : partitions) {
            tallies.add("t", partition, offset, 100 * offset);
            offset++;
        }
        return tallies;
    }

    @Test
    void events_areSummedByPartition() {
        assertThat(tallies(10, 3, 1, 3, 3).toArray())
                .containsExactly(
                        new PartitionTally("t", 3, 10, 13, 3, 1000 + 1200 + 1300),
                        new PartitionTally("t", 1, 11, 11, 1, 1100));
    }

    @Test
    void partitionsOfTwoTopics_areDistinct() {
        PartitionTallies tallies = tallies(0, 0);
        tallies.add("u", 0, 5, 7);

        assertThat(tallies.toArray()[1]).isEqualTo(new PartitionTally("u", 0, 5, 5, 1, 7));
    }

    @Test
    void laterTallies_areAdded_howeverTheStreamWasCut() {
        int[] partitions = {2, 0, 1, 2, 2, 0, 5, 4, 3, 1, 0};
        PartitionTallies whole = tallies(0, partitions);
        PartitionTallies sum = new PartitionTallies();
        for (int i = 0; i < partitions.length; i++) {
            sum.addAll(tallies(i, partitions[i]));
        }

        assertThat(sum.toArray()).containsExactly(whole.toArray());
        assertThat(new PartitionTallies(sum.toArray()).toArray()).containsExactly(whole.toArray());
    }

    @Test
    void clearedTallies_beginAnew() {
        PartitionTallies tallies = tallies(0, 1, 2);
        tallies.clear();
        tallies.add("t", 2, 9, 4);

        assertThat(tallies.toArray()).containsExactly(new PartitionTally("t", 2, 9, 9, 1, 4));
    }
}
