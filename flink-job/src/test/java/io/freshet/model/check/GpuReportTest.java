package io.freshet.model.check;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.model.check.ContractResults.Result;
import io.freshet.model.check.GpuReport.ManyModels;
import io.freshet.model.check.GpuReport.MeasuredShape;
import io.freshet.model.contract.Deviation;
import io.freshet.model.cuda.device.DeviceProperties;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GpuReportTest {
    private static final Shape SHAPE = new Shape(512, 54, 7, 7, 3.5e6, 25);
    private static final Result HELD =
            new Result("shape", 1, List.of(new Deviation("losses", 2e-7, 1e-5)), null);

    private static GpuReport report(
            String card, Result result, double micros, double manyMicros, long lost) {
        return new GpuReport(
                new CardFacts(
                        new DeviceProperties(card, 9, 0, "13.0", "13.0", 150L << 30),
                        140L << 30,
                        List.of("/usr/lib/x86_64-linux-gnu/libcuda.so.580.95.05")),
                new ContractResults(List.of(HELD, result), 0, true),
                Map.of(7, 1.5),
                List.of(new MeasuredShape(SHAPE, micros)),
                new Baselines(Map.of("pytorch 512,54,7,7", 5200.0), List.of("no jax here")),
                new ManyModels(256, 80, 1000, 32, manyMicros),
                new LeakCheck(1000L << 20, (1000L << 20) - lost),
                List.of(new Sanitizer.Result("memcheck", true, "ERROR SUMMARY: 0 errors")),
                "",
                lost < 0 ? List.of("speed of 1024,2048,1000,7: out of memory") : List.of());
    }

    @Test
    void table_isReadable() {
        assertThat(report("NVIDIA H200", HELD, 128, 200, 0).table())
                .containsExactly(
                        "card       NVIDIA H200, capability 9.0, 150.0 GiB, 140.0 free",
                        "CUDA       driver 13.0, libraries 13.0",
                        "           /usr/lib/x86_64-linux-gnu/libcuda.so.580.95.05",
                        "kernels    ready after 1.5 s, compiled for 7 classes",
                        "contract   held: 2 of 2 checks held, largest error 2.0e-07 of 1e-05"
                                + " allowed",
                        "",
                        "    B     F     C rates  µs/block events/s   goal  PyTorch      JAX  ratio"
                                + " goal",
                        "  512    54     7     7     128.0   4.00 M 3.50 M    5,200            40.6"
                                + "   25",
                        "baselines  no jax here",
                        "models     held: 1,000 of 32 events 200 µs, 1 of 256 80 µs: 2.5 times",
                        "leaks      held: 1,048,576,000 bytes free before twenty rounds,"
                                + " 1,048,576,000",
                        "           after",
                        "memcheck   held: ERROR SUMMARY: 0 errors",
                        "all        held");
    }

    @Test
    void lines_fitATerminal() {
        Result failed =
                new Result(
                        "a check whose name is long ".repeat(6), 1, List.of(), "the device ended");

        assertThat(report("NVIDIA " + "X".repeat(90), failed, 1e6, 1e9, 1 << 30).table())
                .allMatch(line -> line.length() <= 80)
                .anyMatch(line -> line.contains("the device ended"))
                .contains("all        NOT held");
    }

    @Test
    void whatDoesNotHold_failsTheReport() {
        Result wrong =
                new Result("shape", 1, List.of(new Deviation("losses", Double.NaN, 1e-5)), null);
        Result ended = new Result("shape", 1, List.of(), "the device ended");

        assertThat(report("NVIDIA H200", HELD, 128, 200, 0).held()).isTrue();
        assertThat(report("NVIDIA H200", wrong, 128, 200, 0).held()).isFalse();
        assertThat(report("NVIDIA H200", ended, 128, 200, 0).held()).isFalse();
        assertThat(report("NVIDIA H200", HELD, 128, 241, 0).held()).isFalse();
        assertThat(report("NVIDIA H200", HELD, 128, 200, 3 << 20).held()).isFalse();
        GpuReport failed = report("NVIDIA H200", HELD, 128, 200, -1);
        assertThat(failed.held()).isFalse();
        assertThat(failed.table()).contains("failed     speed of 1024,2048,1000,7: out of memory");
    }

    @Test
    void goals_areThoseOfAnH200() {
        assertThat(report("NVIDIA H200", HELD, 150, 200, 0).held()).isFalse();
        assertThat(report("NVIDIA T4", HELD, 150, 200, 0).held()).isTrue();
    }

    @Test
    void json_hasAllThatTheTableHas() throws IOException {
        JsonNode json =
                new ObjectMapper().readTree(report("NVIDIA H200", HELD, 128, 200, 0).json());

        assertThat(json.get("held").asBoolean()).isTrue();
        assertThat(json.at("/card/name").asText()).isEqualTo("NVIDIA H200");
        assertThat(json.at("/card/libraries/0").asText()).contains("libcuda.so.580");
        assertThat(json.at("/contract/0/deviations/0/error").asDouble()).isEqualTo(2e-7);
        assertThat(json.at("/speeds/0/eventsPerSecond").asDouble()).isEqualTo(4e6);
        assertThat(json.at("/speeds/0/pytorchMicros").asDouble()).isEqualTo(5200);
        assertThat(json.at("/speeds/0").has("jaxMicros")).isFalse();
        assertThat(json.at("/manyModels/microsOfAll").asDouble()).isEqualTo(200);
        assertThat(json.at("/freeBytesBefore").asLong()).isEqualTo(1000L << 20);
        assertThat(json.at("/sanitizer/0/tool").asText()).isEqualTo("memcheck");
    }
}
