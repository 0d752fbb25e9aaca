package io.freshet.local.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.local.cli.UserException;
import org.junit.jupiter.api.Test;

class JobEpochsTest {
    private final JobEpochs epochs = new JobEpochs("metrics", "in topic m", "; see there");

    private void add(String job, long... numbers) {
        for (long epoch : numbers) {
            epochs.add(new JobEpoch(job, epoch));
        }
    }

    @Test
    void newestEpochOfTheOnlyJob_isSelected() {
        add("a", 2, 3, 1);

        assertThat(epochs.select(null, null)).isEqualTo(new JobEpoch("a", 3));
        assertThat(epochs.select("a", 2L)).isEqualTo(new JobEpoch("a", 2));
    }

    @Test
    void epochOfOneJobOnly_selectsThatJob() {
        add("a", 1);
        add("b", 1, 2);

        assertThat(epochs.select(null, 2L)).isEqualTo(new JobEpoch("b", 2));
        assertThat(epochs.select("a", null)).isEqualTo(new JobEpoch("a", 1));
    }

    @Test
    void whatCannotBeSelected_isRefusedWithAList() {
        assertThatThrownBy(() -> epochs.select(null, null))
                .isInstanceOf(UserException.class)
                .hasMessage("there are no metrics in topic m yet; see there");
        add("", 0);
        add("b", 1, 2);

        assertThatThrownBy(() -> epochs.select(null, null))
                .hasMessage(
                        "there are metrics of several jobs in topic m; choose one with --job: \"\""
                                + " (epoch 0), b (epoch 1, 2)");
        assertThatThrownBy(() -> epochs.select("c", null))
                .hasMessage(
                        "there are no metrics of job c in topic m, but of \"\" (epoch 0), b (epoch"
                                + " 1, 2); see there");
        assertThatThrownBy(() -> epochs.select(null, 7L))
                .hasMessage(
                        "there are no metrics of epoch 7 in topic m, but of \"\" (epoch 0), b"
                                + " (epoch 1, 2); see there");
        assertThatThrownBy(() -> epochs.select("b", 7L))
                .hasMessage(
                        "there are no metrics of job b, epoch 7, in topic m, but of \"\" (epoch 0),"
                                + " b (epoch 1, 2); see there");
    }
}
