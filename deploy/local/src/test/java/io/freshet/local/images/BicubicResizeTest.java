package io.freshet.local.images;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BicubicResizeTest {
    /** Images and their resized versions by Pillow; bicubic.py beside the file writes it. */
    static Stream<JsonNode> cases() throws IOException {
        try (InputStream file = BicubicResizeTest.class.getResourceAsStream("bicubic.json")) {
            return StreamSupport.stream(new ObjectMapper().readTree(file).spliterator(), false);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void apply_givesTheBytesOfPillow(JsonNode test) {
        RgbImage image =
                new RgbImage(
                        test.path("width").asInt(),
                        test.path("height").asInt(),
                        HexFormat.of().parseHex(test.path("pixels").asText()));
        BicubicResize resize =
                new BicubicResize(test.path("newWidth").asInt(), test.path("newHeight").asInt());

        assertThat(HexFormat.of().formatHex(resize.apply(image).pixels()))
                .isEqualTo(test.path("resized").asText());
    }
}
