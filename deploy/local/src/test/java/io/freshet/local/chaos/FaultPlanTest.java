package io.freshet.local.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FaultPlanTest {
    private static List<FaultPlan.Planned> plan(long seed, FaultKind only, int faults) {
        FaultPlan plan = new FaultPlan(seed, only);
        return IntStream.range(0, faults).mapToObj(i -> plan.next()).toList();
    }

    @Test
    void sameSeed_plansTheSameFaults() {
        assertThat(plan(7, null, 50)).isEqualTo(plan(7, null, 50));
        assertThat(plan(7, null, 50)).isNotEqualTo(plan(8, null, 50));
    }

    @Test
    void fiftyFaults_haveEveryKindAtLeastFiveTimes_andSomeAtTheSameTime() {
        List<FaultPlan.Planned> plan = plan(1, null, 50);

        Map<FaultKind, Long> counts =
                plan.stream()
                        .flatMap(planned -> planned.kinds().stream())
                        .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        assertThat(counts).containsOnlyKeys(FaultKind.values());
        assertThat(counts.values()).allMatch(count -> count >= 5);
        assertThat(plan).anyMatch(planned -> planned.kinds().size() == 2);
    }

    @Test
    void oneKind_isTheOnlyOne() {
        assertThat(plan(1, FaultKind.KILL_BROKER, 20))
                .allMatch(planned -> planned.kinds().equals(List.of(FaultKind.KILL_BROKER)));
    }
}
